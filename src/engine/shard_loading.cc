// SPDX-License-Identifier: Apache-2.0

// How a room that is stored comes into memory, and what its store then says of it.

#include <utility>

#include "engine/shard.h"

namespace madang {

void Shard::wait(const SlotRef& slot, RoomSlot::Waiter waiter) {
  absl::Status outcome;
  {
    const MutexLock lock(mutex_);
    if (slot->state == RoomSlot::State::kStopped) {
      outcome = absl::UnavailableError("the room was stopped, its store holds something else");
    } else if (slot->removed) {
      outcome = absl::UnavailableError("the room could not be loaded");
    } else if (!slot->open.load(std::memory_order_relaxed)) {
      if (slot->waiters.size() < limits_.room_waiters_max) {
        slot->waiters.push_back(std::move(waiter));
        return;
      }
      outcome = absl::ResourceExhaustedError("too much waits for the room to be loaded");
    }
  }
  waiter(slot, outcome);
}

void Shard::loaded(const SlotRef& slot, Room::Restored restored, std::uint64_t store_first,
                   MonoTime now) {
  {
    const MutexLock lock(mutex_);
    slot->stored_offset.store(restored.top, std::memory_order_relaxed);
    slot->store_first.store(store_first, std::memory_order_relaxed);
    slot->room.restore(std::move(restored), now);
    if (slot->options.durability == Durability::kWriteBehind) {
      slot->room.stored(slot->room.position().offset);
    }
    if (const auto next = slot->room.next_expiry()) sweep_by(slot, *next);
    slot->last_used = now;
    slot->state = RoomSlot::State::kLive;
  }
  call_waiters(slot, absl::OkStatus());
}

void Shard::not_loaded(const SlotRef& slot, const absl::Status& why) {
  {
    const MutexLock lock(mutex_);
    slot->removed = true;
    rooms_.erase(slot->name());
    rooms_total_.fetch_sub(1, std::memory_order_relaxed);
  }
  call_waiters(slot, why);
}

// They come back in while others are called, and must not overtake: the room is open when none is
// left.
void Shard::call_waiters(const SlotRef& slot, const absl::Status& outcome) {
  for (;;) {
    Ring<RoomSlot::Waiter> waiters;
    {
      const MutexLock lock(mutex_);
      if (slot->waiters.empty()) {
        slot->open.store(true, std::memory_order_release);
        return;
      }
      waiters = std::exchange(slot->waiters, {});
    }
    while (!waiters.empty())
      waiters.pop_front()(slot, outcome);
  }
}

void Shard::stop(const SlotRef& slot) {
  const MutexLock lock(mutex_);
  slot->state = RoomSlot::State::kStopped;
  slot->open.store(false, std::memory_order_release);
}

void Shard::stored(const SlotRef& slot, std::uint64_t offset) {
  const MutexLock lock(mutex_);
  slot->stored_offset.store(offset, std::memory_order_relaxed);
  slot->room.stored(offset);
}

}  // namespace madang
