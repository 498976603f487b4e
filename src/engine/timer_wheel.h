// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "madang/base/time.h"

namespace madang {

// Timers by the hundred thousand: arming, moving and cancelling one costs a few pointers, and time
// passing costs what it fires. A hashed wheel (Varghese and Lauck, 1987); a timer further away than
// one turn of the wheel is looked at once a turn. Pure state: told the time.
class TimerWheel {
 public:
  // Deadlines are met this late at most.
  static constexpr Duration kTick = std::chrono::milliseconds(20);

  struct Link {
    Link* previous = this;
    Link* next = this;
    bool alone() const { return next == this; }
    void unlink();
  };

  // Something with a deadline. Leaves its wheel when it is destroyed.
  class Timer : private Link {
   public:
    Timer() = default;
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;
    bool armed() const { return !alone(); }
    MonoTime deadline() const { return deadline_; }

   protected:
    virtual ~Timer() { unlink(); }

   private:
    friend class TimerWheel;
    // Called once a deadline, not armed any more; may arm and destroy any timer, itself included.
    virtual void expired(MonoTime now) = 0;

    MonoTime deadline_;
  };

  explicit TimerWheel(MonoTime now) : ticks_(ticks_at(now)) {}
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;

  // Sets or moves the deadline of a timer.
  void arm(Timer& timer, MonoTime deadline);
  void disarm(Timer& timer) { timer.unlink(); }

  // Fires what is due.
  void advance(MonoTime now);

  // A time at which advance() may have work; nothing if no timer is armed.
  std::optional<MonoTime> next() const;

 private:
  static constexpr std::size_t kSlots = 2048;  // one turn is 41 s

  static std::int64_t ticks_at(MonoTime time) { return time.time_since_epoch() / kTick; }
  void place(Timer& timer);

  std::array<Link, kSlots> slots_;
  std::int64_t ticks_;  // up to and with this tick everything was fired
};

}  // namespace madang
