// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

#include "madang/base/limits.h"
#include "madang/base/time.h"

namespace madang {

// How fast one session may send commands: a token bucket. Below empty it refuses, and goes on
// counting down, so that only a pause helps; when it is as far below empty as it ever is above, it
// gives up. Pure state: told the time.
class CommandBucket {
 public:
  enum class Verdict : std::uint8_t { kGo, kRefuse, kGiveUp };

  CommandBucket(const Limits& limits, MonoTime now) : zero_at_(now - full(limits)) {}

  Verdict take(const Limits& limits, MonoTime now) {
    // The level is kept as the time at which it would have been 0.
    zero_at_ = std::max(zero_at_, now - full(limits)) + cost(limits);
    const Duration level = now - zero_at_;
    if (level >= Duration(0)) return Verdict::kGo;
    return level >= -full(limits) ? Verdict::kRefuse : Verdict::kGiveUp;
  }

 private:
  static Duration cost(const Limits& limits) {
    return std::chrono::nanoseconds(std::chrono::seconds(1)) /
           std::max<std::uint32_t>(1, limits.commands_per_second);
  }
  static Duration full(const Limits& limits) {
    return std::int64_t{limits.command_burst} * cost(limits);
  }

  MonoTime zero_at_;
};

}  // namespace madang
