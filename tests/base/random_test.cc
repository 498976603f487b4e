// SPDX-License-Identifier: Apache-2.0
#include "madang/base/random.h"

#include <doctest/doctest.h>

#include <vector>

namespace madang {
namespace {

TEST_CASE("random: the same seed gives the same numbers, for ever") {
  // The first outputs of splitmix64 for this seed, as published.
  SeededRandom random(1234567);
  CHECK(random.next() == 6457827717110365317u);
  CHECK(random.next() == 3203168211198807973u);
  CHECK(random.next() == 9817491932198370423u);
}

TEST_CASE("random: below its bound, and every value is met") {
  SeededRandom random(1);
  std::vector<int> seen(10);
  for (int i = 0; i < 10'000; ++i)
    ++seen.at(random.below(10));
  for (const int count : seen)
    CHECK(count > 500);
}

TEST_CASE("random: the system's numbers do not repeat") {
  SystemRandom random;
  const auto first = random.next();
  CHECK(first != random.next());
}

}  // namespace
}  // namespace madang
