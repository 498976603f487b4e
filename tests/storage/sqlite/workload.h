// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "storage/sqlite/store_folder.h"

namespace madang {

// Some batches for two rooms, with all that a message may have, and what became of each.
class Workload {
 public:
  static constexpr std::size_t kBatches = 7;
  static constexpr std::uint64_t kOfARoom = 2;  // in each batch

  Workload() {
    for (std::size_t i = 0; i < kBatches; ++i)
      batches_.push_back(make_batch(i));
  }

  // Appends from the first batch on that was not acknowledged, each up to `tries` times, and stops
  // at the first that was not. Answers with what it ended, or OK.
  absl::Status run(WaitingStore& store, int tries = 1) {
    for (; acknowledged_ < kBatches; ++acknowledged_) {
      absl::Status status;
      for (int i = 0; i < tries; ++i) {
        const auto result = store.append(batches_[acknowledged_]);
        CHECK((!result.ok() || result->refused.empty()));
        if ((status = result.status()).ok()) break;
      }
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

  std::size_t acknowledged() const { return acknowledged_; }

  // Whether a store has all that was acknowledged, and of the rest only whole batches.
  void check(WaitingStore& store) const {
    std::uint64_t tops[2] = {0, 0};
    for (std::size_t r = 0; r < 2; ++r) {
      const auto room = store.load(name(r));
      REQUIRE_MESSAGE(room.ok(), room.status().ToString());
      tops[r] = room->top;
      REQUIRE(room->messages.size() == room->top);
      bool same = true;
      for (const StoredMessage& message : room->messages) {
        const std::size_t batch = (message.offset - 1) / kOfARoom;
        const std::size_t index = r * kOfARoom + (message.offset - 1) % kOfARoom;
        same = same && same_message(message, batches_[batch][index]);
      }
      CHECK(same);
    }
    CHECK(tops[0] == tops[1]);
    CHECK(tops[0] % kOfARoom == 0);
    CHECK(tops[0] / kOfARoom >= acknowledged_);
  }

  static std::string name(std::size_t room) {
    return room == 0 ? std::string("first") : std::string("\xff\0\x01", 3);
  }

 private:
  static MessageBatch make_batch(std::size_t batch) {
    MessageBatch all;
    for (std::size_t room = 0; room < 2; ++room) {
      for (std::uint64_t i = 1; i <= kOfARoom; ++i) {
        StoredMessage message = conformance::message(name(room), batch * kOfARoom + i,
                                                     std::string(700, static_cast<char>('a' + i)));
        message.idempotency_key = "key" + std::to_string(message.offset);
        message.tags = {{"name", std::string("\0value", 6)}};
        ClientInfo info;
        info.user = "ann";
        info.client = ClientId::from_bits(batch, i);
        message.info = std::make_shared<const ClientInfo>(info);
        all.push_back(std::move(message));
      }
    }
    return all;
  }

  std::vector<MessageBatch> batches_;
  std::size_t acknowledged_ = 0;
};

}  // namespace madang
