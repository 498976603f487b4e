// SPDX-License-Identifier: Apache-2.0
#include "engine/outbox.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <string>
#include <utility>

#include "madang/base/random.h"

namespace madang {
namespace {

TEST_CASE("outbox: what is pushed is taken in order, and counted while it waits") {
  Outbox outbox;
  std::deque<std::pair<std::string, std::uint32_t>> expected;
  SeededRandom random(11);
  int next = 0;
  for (int round = 0; round < 1000; ++round) {
    // At times one, at times more than a batch takes.
    for (std::uint64_t left = random.below(random.below(8) == 0 ? 3 * kWritePayloadsMax : 3);
         left > 0; --left) {
      const std::string text = std::to_string(next++);
      const auto messages = static_cast<std::uint32_t>(random.below(3));
      outbox.push(Payload(text), messages);
      expected.emplace_back(text, messages);
    }
    std::size_t bytes = 0;
    std::uint64_t messages = 0;
    for (const auto& [text, count] : expected) {
      bytes += text.size();
      messages += count;
    }
    REQUIRE(outbox.empty() == expected.empty());
    REQUIRE(outbox.bytes() == bytes);
    REQUIRE(outbox.messages() == messages);

    Outbox::Batch batch;
    outbox.take(batch);
    REQUIRE(batch.count == std::min(expected.size(), kWritePayloadsMax));
    std::uint64_t taken = 0;
    for (const Payload& payload : batch.span()) {
      REQUIRE(payload.view() == expected.front().first);
      taken += expected.front().second;
      expected.pop_front();
    }
    REQUIRE(batch.messages == taken);
  }
}

TEST_CASE("outbox: one that goes with something in it lets go of it") {
  for (int count = 0; count < 3; ++count) {
    Outbox outbox;
    for (int i = 0; i < count; ++i)
      outbox.push(Payload("waits"), 1);
    CHECK(outbox.empty() == (count == 0));
  }
}

}  // namespace
}  // namespace madang
