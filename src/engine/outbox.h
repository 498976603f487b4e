// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "madang/base/payload.h"
#include "madang/base/ring.h"
#include "madang/engine/transport.h"

namespace madang {

// What waits for one session's transport: references to shared payloads, in order. The first lies
// in the object itself, so that one message a turn needs no memory, and a quiet session little.
// Pure state; the session keeps its bounds.
class Outbox {
 public:
  bool empty() const { return first_.payload.empty(); }
  std::size_t bytes() const { return first_.payload.size() + (rest_ ? rest_->bytes : 0); }
  // Room messages that wait, as the account counts them.
  std::uint64_t messages() const { return first_.messages + (rest_ ? rest_->messages : 0); }

  // The payload is not empty.
  void push(Payload payload, std::uint32_t messages) {
    if (empty()) {
      first_ = {std::move(payload), messages};
      return;
    }
    if (rest_ == nullptr) rest_ = std::make_unique<Rest>();
    rest_->bytes += payload.size();
    rest_->messages += messages;
    rest_->entries.push_back({std::move(payload), messages});
  }

  // What one write takes. Large, so reused.
  struct Batch {
    std::array<Payload, kWritePayloadsMax> payloads;
    std::size_t count = 0;
    std::uint64_t messages = 0;
    void clear() {
      for (std::size_t i = 0; i < count; ++i)
        payloads[i] = Payload();
      count = messages = 0;
    }
    std::span<const Payload> span() const { return {payloads.data(), count}; }
  };
  void take(Batch& batch) {
    while (!empty() && batch.count < kWritePayloadsMax) {
      batch.messages += first_.messages;
      batch.payloads[batch.count++] = std::move(first_.payload);
      first_ = next();
    }
  }

 private:
  struct Entry {
    Payload payload;
    std::uint32_t messages = 0;
  };
  struct Rest {
    Ring<Entry> entries;  // not empty
    std::size_t bytes = 0;
    std::uint64_t messages = 0;
  };

  Entry next() {
    if (rest_ == nullptr) return {};
    Entry entry = rest_->entries.pop_front();
    rest_->bytes -= entry.payload.size();
    rest_->messages -= entry.messages;
    if (rest_->entries.empty()) rest_.reset();
    return entry;
  }

  Entry first_;
  std::unique_ptr<Rest> rest_;  // null unless there is a second
};

}  // namespace madang
