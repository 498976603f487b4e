// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>

namespace madang {

// The engine never asks an operating system for the time: a Scheduler tells it.

using Duration = std::chrono::nanoseconds;

// A tag for readings of a monotonic clock. It has no now() on purpose.
struct MonotonicClock {
  using rep = std::int64_t;
  using period = std::nano;
  using duration = Duration;
  using time_point = std::chrono::time_point<MonotonicClock>;
  static constexpr bool is_steady = true;
};

// Decides time-outs, ages and order. Never compared with a wall clock.
using MonoTime = MonotonicClock::time_point;

// Milliseconds since 1970 in UTC. Shown to people and compared with the expiry of tokens, and
// used for nothing else, because it may jump.
using WallTime = std::chrono::sys_time<std::chrono::milliseconds>;

}  // namespace madang
