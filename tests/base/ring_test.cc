// SPDX-License-Identifier: Apache-2.0
#include "madang/base/ring.h"

#include <doctest/doctest.h>

#include <deque>
#include <memory>

#include "madang/base/random.h"

namespace madang {
namespace {

TEST_CASE("ring: is a queue, indexed from its front") {
  Ring<int> ring;
  CHECK(ring.empty());
  for (int i = 0; i < 5; ++i)
    ring.push_back(i);
  CHECK(ring.size() == 5);
  CHECK(ring.pop_front() == 0);
  CHECK(ring.front() == 1);
  CHECK(ring.back() == 4);
  CHECK(ring[2] == 3);
  ring[2] = 33;
  CHECK(ring.pop_front() == 1);
  CHECK(ring.pop_front() == 2);
  CHECK(ring.pop_front() == 33);
}

TEST_CASE("ring: lets go of an element as it is popped, not when its place is used again") {
  Ring<std::shared_ptr<int>> ring;
  const auto first = std::make_shared<int>(1);
  ring.push_back(first);
  ring.push_back(std::make_shared<int>(2));
  CHECK(first.use_count() == 2);
  ring.pop_front();
  CHECK(first.use_count() == 1);
}

TEST_CASE("ring: cleared it is empty and usable") {
  Ring<std::shared_ptr<int>> ring;
  const auto value = std::make_shared<int>(1);
  for (int i = 0; i < 9; ++i)
    ring.push_back(value);
  ring.clear();
  CHECK(ring.empty());
  CHECK(value.use_count() == 1);
  ring.push_back(value);
  CHECK(ring.back() == value);
}

TEST_CASE("ring: 100,000 random operations agree with a deque") {
  SeededRandom random(7);
  Ring<std::uint64_t> ring;
  std::deque<std::uint64_t> model;
  for (int i = 0; i < 100'000; ++i) {
    // The odds change every 1,000 steps, so that the ring fills, wraps and empties again.
    const bool push = random.below(100) < (i / 1'000 % 2 == 0 ? 60 : 40);
    if (push) {
      ring.push_back(i);
      model.push_back(i);
    } else if (!model.empty()) {
      REQUIRE(ring.pop_front() == model.front());
      model.pop_front();
    }
    REQUIRE(ring.size() == model.size());
    if (model.empty()) continue;
    const auto at = random.below(model.size());
    REQUIRE(ring[at] == model[at]);
    REQUIRE(ring.back() == model.back());
  }
}

}  // namespace
}  // namespace madang
