// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "madang/base/ring.h"
#include "madang/room/room.h"

namespace madang {

struct RoomSlot;

// What a room knows of one lane: whether it has members there, how far it has read, and its place
// in the lane's inbox. Guarded by the shard, but for `next`, which the inbox owns.
struct LaneMark {
  LaneMark* next = nullptr;
  RoomSlot* slot = nullptr;
  std::shared_ptr<RoomSlot> keep;  // holds the slot while the mark is in the inbox
  bool marked = false;
  // The lane lets news gather and is not told before there are so many messages; see RoomOptions.
  bool waits = false;
  std::uint64_t waits_for_messages = 0;
  std::uint64_t members = 0;
  std::uint64_t read_number = 0;  // the last event the lane has taken; counts while it has members
  std::uint64_t read_bytes = 0;   // Room::bytes_appended() then
};

// A room in its shard, with what the lanes need beside it. Everything that changes is guarded by
// the shard and touched by its methods alone.
struct RoomSlot {
  RoomSlot(std::string name, const RoomOptions& chosen, std::string epoch, std::size_t lanes,
           std::uint64_t serial)
      : options(chosen),
        incarnation(serial),
        room(std::move(name), chosen, std::move(epoch)),
        marks(std::make_unique<LaneMark[]>(lanes)) {
    for (std::size_t lane = 0; lane < lanes; ++lane)
      marks[lane].slot = this;
  }

  // A room that is stored begins as loading: what is wanted of it waits, in order.
  enum class State : std::uint8_t {
    kLoading,
    kLive,
    kStopped,  // its store holds something else in its place: it takes and tells nothing more
  };
  // Gets the slot that it waits in, which it must not hold itself, or the two would never go.
  using Waiter = absl::AnyInvocable<void(const std::shared_ptr<RoomSlot>&, const absl::Status&)>;

  // Constant, and so for any thread.
  const RoomOptions options;
  const std::uint64_t incarnation;  // never the same twice in one engine
  const std::string& name() const { return room.name(); }
  const std::string& epoch() const { return room.epoch(); }

  Room room;
  std::unique_ptr<LaneMark[]> marks;
  MonoTime last_used;
  bool removed = false;                 // no longer in the table: look again
  MonoTime sweep_at = MonoTime::max();  // when the shard will next let go of what is old
  bool announcing = false;

  // Live, and nothing waits for it to become so. Any thread may ask.
  std::atomic<bool> open{true};
  State state = State::kLive;
  std::atomic<bool> load_asked{false};
  Ring<Waiter> waiters;
  // Publishes on their way to the store, which keep the room in the table. Any thread.
  std::atomic<std::uint32_t> unsaved{0};
  // The newest offset that is known to be stored. Any thread.
  std::atomic<std::uint64_t> stored_offset{0};
  // The oldest offset that the store had when it was last asked.
  std::atomic<std::uint64_t> store_first{0};
};

// The rooms with news for one lane, each once. Any thread puts, the lane takes.
class Inbox {
 public:
  // The mark is not in the inbox.
  void put(LaneMark* mark) {
    mark->next = head_.load(std::memory_order_relaxed);
    while (!head_.compare_exchange_weak(mark->next, mark, std::memory_order_release,
                                        std::memory_order_relaxed)) {
    }
  }

  // All marks, linked by `next`, the one put first in front.
  LaneMark* take() {
    LaneMark* taken = head_.exchange(nullptr, std::memory_order_acquire);
    LaneMark* first = nullptr;
    while (taken != nullptr) {
      LaneMark* const next = std::exchange(taken->next, first);
      first = std::exchange(taken, next);
    }
    return first;
  }

  bool empty() const { return head_.load(std::memory_order_acquire) == nullptr; }

 private:
  std::atomic<LaneMark*> head_{nullptr};
};

}  // namespace madang
