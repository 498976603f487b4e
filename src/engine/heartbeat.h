// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

#include "madang/base/limits.h"
#include "madang/base/time.h"

namespace madang {

// When to ping, and when a silent peer is gone. Before that, when the client must have connected.
// Pure state: told the time.
class Heartbeat {
 public:
  void await_connect(MonoTime deadline) { set_due(deadline); }

  // The first ping comes after a random part of the interval, so that sessions that came together
  // do not stay together.
  void start(const Limits& limits, MonoTime now, std::uint64_t random) {
    const Duration interval = limits.ping_interval;
    set_due(
        now + interval / 2 +
        Duration(static_cast<std::int64_t>(
            random % static_cast<std::uint64_t>(std::max<std::int64_t>(1, interval.count() / 2)))));
    state_ = State::kIdle;
  }

  bool started() const { return state_ != State::kOff; }
  MonoTime due() const {
    return due_ == kNever ? MonoTime::max() : MonoTime(Duration(static_cast<std::int64_t>(due_)));
  }

  enum class Action : std::uint8_t { kNone, kPing, kGone };
  // What to do when due() has come.
  Action act(MonoTime now) {
    if (!started() || now < due()) return Action::kNone;
    if (state_ == State::kWaiting) return Action::kGone;
    // The clock of the pong starts when the ping has left, which a full socket may delay. Whether
    // that ever happens is for the stalled write to tell.
    state_ = State::kQueued;
    due_ = kNever;
    return Action::kPing;
  }

  void ping_written(const Limits& limits, MonoTime now) {
    if (state_ != State::kQueued) return;
    state_ = State::kWaiting;
    set_due(now + limits.pong_timeout);
  }

  // False if no ping was waiting for it.
  bool pong(const Limits& limits, MonoTime now) {
    if (state_ != State::kWaiting && state_ != State::kQueued) return false;
    state_ = State::kIdle;
    set_due(now + limits.ping_interval);
    return true;
  }

  // A peer that takes what we write is alive.
  void progress(const Limits& limits, MonoTime now) {
    if (state_ == State::kWaiting) set_due(std::max(due(), now + limits.pong_timeout));
  }

 private:
  enum class State : std::uint8_t { kOff, kIdle, kQueued, kWaiting };

  // Nanoseconds in 62 bits last 146 years, so that the state fits beside them.
  static constexpr std::uint64_t kNever = (std::uint64_t{1} << 62) - 1;

  void set_due(MonoTime time) {
    due_ = static_cast<std::uint64_t>(std::max<std::int64_t>(0, time.time_since_epoch().count())) &
           kNever;
  }

  std::uint64_t due_ : 62 = kNever;
  State state_ : 2 = State::kOff;
};

static_assert(sizeof(Heartbeat) == 8, "every idle session has one");

}  // namespace madang
