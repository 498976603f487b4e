// SPDX-License-Identifier: Apache-2.0
#include "madang/base/payload.h"

#include <doctest/doctest.h>

#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace madang {
namespace {

TEST_CASE("payload: a copy shares the bytes and outlives the original") {
  Payload copy;
  {
    const Payload original("shared bytes");
    copy = original;
    CHECK(copy.data() == original.data());
  }
  CHECK(copy.view() == "shared bytes");
}

TEST_CASE("payload: a slice shares the bytes, and a slice of a slice counts from its own start") {
  const Payload whole("0123456789");
  const Payload part = whole.slice(2, 6);
  CHECK(part.view() == "234567");
  CHECK(part.data() == whole.data() + 2);
  CHECK(part.slice(1, 2).view() == "34");
  CHECK(whole.slice(10, 0).empty());
  CHECK(whole.slice(0, 10) == whole);
}

TEST_CASE("payload: moved from it is empty") {
  Payload from("text");
  const char* bytes = from.data();
  const Payload to = std::move(from);
  CHECK(to.data() == bytes);
  CHECK(from.empty());         // NOLINT(bugprone-use-after-move)
  CHECK(from.view().empty());  // NOLINT(bugprone-use-after-move)
}

TEST_CASE("payload: assignment to itself keeps the bytes") {
  Payload payload("kept");
  const Payload& alias = payload;
  payload = alias;
  CHECK(payload.view() == "kept");
}

TEST_CASE("payload: an empty one has readable data and equals every other empty one") {
  const Payload none;
  CHECK(none.size() == 0);
  CHECK(none.data() != nullptr);
  CHECK(none == Payload(""));
  CHECK_FALSE(none == Payload("x"));
}

TEST_CASE("payload: bytes may be anything, zeroes included") {
  const std::string bytes("\0a\xff\0", 4);
  CHECK(Payload(bytes).view() == bytes);
}

TEST_CASE("payload: threads may copy and destroy their own copies at once") {
  const Payload shared(std::string(1000, 'x'));
  std::vector<std::size_t> sums(4);
  {
    std::vector<std::jthread> threads;
    for (auto& sum : sums) {
      threads.emplace_back([&sum, mine = shared] {
        for (int i = 0; i < 20'000; ++i)
          sum += Payload(mine).slice(i % 1000, 1).size();
      });
    }
  }
  for (const auto sum : sums)
    CHECK(sum == 20'000);
  CHECK(shared.view() == std::string(1000, 'x'));
}

}  // namespace
}  // namespace madang
