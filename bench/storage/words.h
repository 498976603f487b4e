// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "madang/base/random.h"

namespace bench {

// What is looked for: one of the commonest words, one of the rarer half, or two as they come in
// texts.
enum class Sought { kCommon, kRare, kTwo };

// A made-up language: some words are common, most are rare, as in any other.
class Words {
 public:
  // `korean`: words of Hangul syllables instead of letters.
  explicit Words(bool korean);

  std::string one(madang::SeededRandom& random) const;
  std::string sought(madang::SeededRandom& random, Sought sought) const;
  // A JSON string of about so many bytes.
  std::string text(madang::SeededRandom& random, std::size_t bytes) const;

 private:
  std::vector<std::string> words_;
};

}  // namespace bench
