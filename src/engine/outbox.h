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

// What waits for one session's transport: references to shared payloads, in order. One alone lies
// in the object itself, so that one message a turn needs no memory, and a quiet session little.
// Pure state; the session keeps its bounds.
class Outbox {
 public:
  Outbox() = default;
  ~Outbox() {
    if (only_.empty()) delete several_;
  }
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;

  bool empty() const { return only_.empty() && several_ == nullptr; }
  std::size_t bytes() const {
    if (!only_.empty()) return only_.size();
    return several_ == nullptr ? 0 : several_->bytes;
  }
  // Room messages that wait, as the account counts them.
  std::uint64_t messages() const {
    if (!only_.empty()) return only_messages_;
    return several_ == nullptr ? 0 : several_->messages;
  }

  // The payload is not empty.
  void push(Payload payload, std::uint32_t messages) {
    if (empty()) {
      only_ = std::move(payload);
      only_messages_ = messages;
      return;
    }
    if (!only_.empty()) {
      auto several = std::make_unique<Several>();
      several->push({std::move(only_), only_messages_});
      only_ = Payload();
      several_ = several.release();
    }
    several_->push({std::move(payload), messages});
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
      Entry entry = next();
      batch.messages += entry.messages;
      batch.payloads[batch.count++] = std::move(entry.payload);
    }
  }

 private:
  struct Entry {
    Payload payload;
    std::uint32_t messages = 0;
  };
  struct Several {
    Ring<Entry> entries;  // not empty
    std::size_t bytes = 0;
    std::uint64_t messages = 0;

    void push(Entry entry) {
      bytes += entry.payload.size();
      messages += entry.messages;
      entries.push_back(std::move(entry));
    }
  };

  Entry next() {
    if (!only_.empty()) {
      Entry entry{std::exchange(only_, Payload()), only_messages_};
      several_ = nullptr;
      return entry;
    }
    Entry entry = several_->entries.pop_front();
    several_->bytes -= entry.payload.size();
    several_->messages -= entry.messages;
    if (several_->entries.empty()) delete std::exchange(several_, nullptr);
    return entry;
  }

  Payload only_;
  union {
    Several* several_ = nullptr;   // while `only_` is empty; null: nothing waits
    std::uint32_t only_messages_;  // while it is not
  };
};

static_assert(sizeof(Outbox) == 24, "every idle session has one");

}  // namespace madang
