// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <ctime>

#include "madang/base/time.h"

namespace madang::postgres {

// The store's thread is an event loop of its own, which no Scheduler tells the time.
inline MonoTime steady_now() {
  return MonoTime(
      std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch()));
}

// For leases, and never compared with the one above: this clock goes on while the machine sleeps,
// as the server's does.
inline MonoTime lease_now() {
  timespec time = {};
  clock_gettime(CLOCK_BOOTTIME, &time);
  return MonoTime(std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec));
}

// Only decides which months get partitions ahead.
inline WallTime wall_now() {
  return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

}  // namespace madang::postgres
