// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

#include "madang/base/limits.h"
#include "madang/base/time.h"

namespace madang {

// How fast one session may send commands: a token bucket that, when it is empty, refuses, and when
// as many commands again came without a pause, gives up. Pure state: told the time.
class CommandBucket {
 public:
  enum class Verdict : std::uint8_t { kGo, kRefuse, kGiveUp };

  CommandBucket(const Limits& limits, MonoTime now)
      : burst_(limits.command_burst),
        cost_(std::chrono::nanoseconds(std::chrono::seconds(1)) /
              std::max<std::uint32_t>(1, limits.commands_per_second)),
        empty_at_(now - burst_ * cost_) {}

  Verdict take(MonoTime now) {
    // The bucket is kept as the time from which on it would have been filling from empty.
    empty_at_ = std::max(empty_at_, now - burst_ * cost_);
    if (now - empty_at_ >= cost_) {
      empty_at_ += cost_;
      refused_ = 0;
      return Verdict::kGo;
    }
    return ++refused_ > burst_ ? Verdict::kGiveUp : Verdict::kRefuse;
  }

 private:
  const std::int64_t burst_;
  const Duration cost_;
  MonoTime empty_at_;
  std::int64_t refused_ = 0;
};

}  // namespace madang
