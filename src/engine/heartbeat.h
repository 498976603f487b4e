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
  void await_connect(MonoTime deadline) { due_ = deadline; }

  // The first ping comes after a random part of the interval, so that sessions that came together
  // do not stay together.
  void start(const Limits& limits, MonoTime now, std::uint64_t random) {
    const Duration interval = limits.ping_interval;
    due_ =
        now + interval / 2 +
        Duration(static_cast<std::int64_t>(
            random % static_cast<std::uint64_t>(std::max<std::int64_t>(1, interval.count() / 2))));
    state_ = State::kIdle;
  }

  bool started() const { return state_ != State::kOff; }
  MonoTime due() const { return due_; }

  enum class Action : std::uint8_t { kNone, kPing, kGone };
  // What to do when due() has come.
  Action act(MonoTime now) {
    if (!started() || now < due_) return Action::kNone;
    if (state_ == State::kWaiting) return Action::kGone;
    // The clock of the pong starts when the ping has left, which a full socket may delay. Whether
    // that ever happens is for the stalled write to tell.
    state_ = State::kQueued;
    due_ = MonoTime::max();
    return Action::kPing;
  }

  void ping_written(const Limits& limits, MonoTime now) {
    if (state_ != State::kQueued) return;
    state_ = State::kWaiting;
    due_ = now + limits.pong_timeout;
  }

  // False if no ping was waiting for it.
  bool pong(const Limits& limits, MonoTime now) {
    if (state_ != State::kWaiting && state_ != State::kQueued) return false;
    state_ = State::kIdle;
    due_ = now + limits.ping_interval;
    return true;
  }

  // A peer that takes what we write is alive.
  void progress(const Limits& limits, MonoTime now) {
    if (state_ == State::kWaiting) due_ = std::max(due_, now + limits.pong_timeout);
  }

 private:
  enum class State : std::uint8_t { kOff, kIdle, kQueued, kWaiting };

  MonoTime due_ = MonoTime::max();
  State state_ = State::kOff;
};

}  // namespace madang
