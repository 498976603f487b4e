// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "madang/base/payload.h"
#include "madang/base/ring.h"
#include "madang/engine/transport.h"

namespace madang {

// What waits for one session's transport: references to shared payloads, in order. Pure state; the
// session keeps its bounds.
class Outbox {
 public:
  bool empty() const { return entries_.empty(); }
  std::size_t bytes() const { return bytes_; }
  // Room messages that wait, as the account counts them.
  std::uint64_t messages() const { return messages_; }

  void push(Payload payload, std::uint32_t messages) {
    bytes_ += payload.size();
    messages_ += messages;
    entries_.push_back({std::move(payload), messages});
  }

  // What one write takes. Large, so reused.
  struct Batch {
    std::array<Payload, kWritePayloadsMax> payloads;
    std::size_t count = 0;
    std::size_t bytes = 0;
    std::uint64_t messages = 0;
    void clear() {
      for (std::size_t i = 0; i < count; ++i)
        payloads[i] = Payload();
      count = bytes = messages = 0;
    }
    std::span<const Payload> span() const { return {payloads.data(), count}; }
  };
  void take(Batch& batch) {
    while (!entries_.empty() && batch.count < kWritePayloadsMax) {
      Entry entry = entries_.pop_front();
      batch.bytes += entry.payload.size();
      batch.messages += entry.messages;
      batch.payloads[batch.count++] = std::move(entry.payload);
    }
    bytes_ -= batch.bytes;
    messages_ -= batch.messages;
  }

 private:
  struct Entry {
    Payload payload;
    std::uint32_t messages = 0;
  };

  Ring<Entry> entries_;
  std::size_t bytes_ = 0;
  std::uint64_t messages_ = 0;
};

}  // namespace madang
