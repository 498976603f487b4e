// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

#include "madang/base/time.h"

namespace madang::backend {

// The caller's thread is an event loop of its own, which no Scheduler tells the time.
inline MonoTime steady_now() {
  return MonoTime(
      std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch()));
}

}  // namespace madang::backend
