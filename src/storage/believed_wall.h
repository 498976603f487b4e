// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>

#include "madang/base/time.h"

namespace madang {

// The wall clock for those who delete what is old: put forward, it is believed only when it has
// stayed so for a day. Put back, it is believed at once, for then only less is old.
class BelievedWall {
 public:
  // What to go by, when the clocks tell this. The first reading is believed.
  WallTime at(MonoTime now, WallTime wall) {
    if (!believed_ || !believed_->is_ahead(now, wall)) {
      believed_ = Reading{now, wall};
      doubted_.reset();
    } else if (!doubted_ || doubted_->is_ahead(now, wall)) {
      doubted_ = Reading{now, wall};
    } else if (now - doubted_->now >= std::chrono::days(1)) {
      believed_ = Reading{now, wall};
      doubted_.reset();
    }
    return believed_->wall_at(now);
  }

 private:
  struct Reading {
    MonoTime now;
    WallTime wall;

    WallTime wall_at(MonoTime then) const {
      return wall + std::chrono::duration_cast<std::chrono::milliseconds>(then - now);
    }
    // More than the two clocks may drift apart.
    bool is_ahead(MonoTime then, WallTime told) const {
      return told > wall_at(then + (then - now) / 1000) + std::chrono::minutes(1);
    }
  };

  std::optional<Reading> believed_ = {};
  std::optional<Reading> doubted_ = {};
};

}  // namespace madang
