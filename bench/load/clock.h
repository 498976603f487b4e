// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <time.h>

#include <cstdint>

namespace load {

inline constexpr std::int64_t kSecond_ns = 1'000'000'000;
inline constexpr std::int64_t kMillisecond_ns = 1'000'000;

inline std::int64_t read_clock_ns(clockid_t clock) {
  timespec time;
  clock_gettime(clock, &time);
  return time.tv_sec * kSecond_ns + time.tv_nsec;
}

// The same for every process of the machine.
inline std::int64_t now_ns() { return read_clock_ns(CLOCK_MONOTONIC); }

// The CPU time of this process, all its threads.
inline std::int64_t own_cpu_ns() { return read_clock_ns(CLOCK_PROCESS_CPUTIME_ID); }

}  // namespace load
