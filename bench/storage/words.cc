// SPDX-License-Identifier: Apache-2.0
#include "words.h"

#include <algorithm>
#include <cmath>

namespace bench {
namespace {

constexpr std::size_t kWords = 50'000;
constexpr std::size_t kCommonWords = 20;
// As many as some thousands are in daily use.
constexpr std::uint64_t kSyllables = 1000;

std::string latin_word(madang::SeededRandom& random) {
  std::string word;
  for (std::uint64_t letters = 2 + random.below(8); letters > 0; --letters)
    word += static_cast<char>('a' + random.below(26));
  return word;
}

std::string korean_word(madang::SeededRandom& random) {
  std::string word;
  for (std::uint64_t syllables = 2 + random.below(3); syllables > 0; --syllables) {
    const auto c = static_cast<unsigned>(0xAC00 + 11 * random.below(kSyllables));
    word += static_cast<char>(0xE0 | (c >> 12));
    word += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    word += static_cast<char>(0x80 | (c & 0x3F));
  }
  return word;
}

}  // namespace

Words::Words(bool korean) {
  madang::SeededRandom random(1);
  for (std::size_t i = 0; i < kWords; ++i)
    words_.push_back(korean ? korean_word(random) : latin_word(random));
}

std::string Words::one(madang::SeededRandom& random) const {
  // The k-th word comes about 1/k as often as the first.
  const double part = static_cast<double>(random.next() >> 11) * 0x1.0p-53;
  const double rank = std::pow(static_cast<double>(words_.size()), part);
  return words_[(static_cast<std::size_t>(rank) - 1) % words_.size()];
}

std::string Words::sought(madang::SeededRandom& random, Sought sought) const {
  switch (sought) {
    case Sought::kCommon:
      return words_[random.below(kCommonWords)];
    case Sought::kRare:
      return words_[kWords / 2 + random.below(kWords / 2)];
    case Sought::kTwo:
      break;
  }
  const std::string first = one(random);
  return first + ' ' + one(random);
}

std::string Words::text(madang::SeededRandom& random, std::size_t bytes) const {
  std::string text = "\"";
  while (text.size() + 1 < bytes) {
    if (text.size() > 1) text += ' ';
    text += one(random);
  }
  std::size_t end = bytes < 2 ? 1 : std::min(text.size(), bytes - 1);
  while (end < text.size() && (text[end] & 0xC0) == 0x80)
    --end;  // not within a character
  text.resize(end);
  return text + '"';
}

}  // namespace bench
