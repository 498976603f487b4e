// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "madang/base/random.h"

namespace bench {

// A made-up language: some words are common, most are rare, as in any other.
class Words {
 public:
  Words();

  std::string one(madang::SeededRandom& random) const;
  // A JSON string of about so many bytes.
  std::string text(madang::SeededRandom& random, std::size_t bytes) const;

 private:
  std::vector<std::string> words_;
};

}  // namespace bench
