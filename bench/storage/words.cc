// SPDX-License-Identifier: Apache-2.0
#include "words.h"

#include <cmath>

namespace bench {
namespace {

constexpr std::size_t kWords = 50'000;

}  // namespace

Words::Words() {
  madang::SeededRandom random(1);
  for (std::size_t i = 0; i < kWords; ++i) {
    std::string word;
    for (std::uint64_t letters = 2 + random.below(8); letters > 0; --letters)
      word += static_cast<char>('a' + random.below(26));
    words_.push_back(std::move(word));
  }
}

std::string Words::one(madang::SeededRandom& random) const {
  // The k-th word comes about 1/k as often as the first.
  const double part = static_cast<double>(random.next() >> 11) * 0x1.0p-53;
  const double rank = std::pow(static_cast<double>(words_.size()), part);
  return words_[static_cast<std::size_t>(rank) % words_.size()];
}

std::string Words::text(madang::SeededRandom& random, std::size_t bytes) const {
  std::string text = "\"";
  while (text.size() + 1 < bytes) {
    if (text.size() > 1) text += ' ';
    text += one(random);
  }
  text.resize(bytes < 2 ? 1 : bytes - 1);
  return text + '"';
}

}  // namespace bench
