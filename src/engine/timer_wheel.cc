// SPDX-License-Identifier: Apache-2.0
#include "engine/timer_wheel.h"

#include <algorithm>

namespace madang {

void TimerWheel::Link::unlink() {
  previous->next = next;
  next->previous = previous;
  previous = next = this;
}

void TimerWheel::arm(Timer& timer, MonoTime deadline) {
  timer.unlink();
  timer.deadline_ = deadline;
  place(timer);
}

void TimerWheel::place(Timer& timer) {
  // The tick that begins at the deadline or after it, and not one that is over.
  const auto due = std::max(ticks_at(timer.deadline_ + kTick - Duration(1)), ticks_ + 1);
  Link& slot = slots_[static_cast<std::size_t>(due) % kSlots];
  timer.previous = slot.previous;
  timer.next = &slot;
  slot.previous->next = &timer;
  slot.previous = &timer;
}

void TimerWheel::advance(MonoTime now) {
  const auto until = ticks_at(now);
  // After a long pause one turn visits every slot, and more turns would find nothing.
  auto tick = std::max(ticks_ + 1, until - static_cast<std::int64_t>(kSlots) + 1);
  for (; tick <= until; ++tick) {
    ticks_ = tick;
    Link& slot = slots_[static_cast<std::size_t>(tick) % kSlots];
    if (slot.alone()) continue;
    Link due;
    std::swap(due.next, slot.next);
    std::swap(due.previous, slot.previous);
    due.next->previous = due.previous->next = &due;
    slot.next = slot.previous = &slot;
    while (!due.alone()) {
      auto& timer = static_cast<Timer&>(*due.next);
      timer.unlink();
      if (timer.deadline_ > now) {
        place(timer);
      } else {
        timer.expired(now);
      }
    }
  }
}

std::optional<MonoTime> TimerWheel::next() const {
  for (std::size_t ahead = 1; ahead <= kSlots; ++ahead) {
    const auto tick = ticks_ + static_cast<std::int64_t>(ahead);
    if (!slots_[static_cast<std::size_t>(tick) % kSlots].alone()) return MonoTime(tick * kTick);
  }
  return std::nullopt;
}

}  // namespace madang
