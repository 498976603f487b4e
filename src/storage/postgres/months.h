// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "madang/base/time.h"

namespace madang::postgres {

// A month is counted from January 1970.

// The month of a time that a clock may well have shown; nothing for one further away from `now`,
// which lies in the default partition, so that wild times do not make tables without end.
std::optional<int> month_of(WallTime time, WallTime now);
inline constexpr int kMonthsBack = 120;
inline constexpr int kMonthsAhead = 12;

// Where a month begins.
WallTime month_begin(int month);

// "2026_11", and back.
std::string month_name(int month);
std::optional<int> month_named(std::string_view name);

// A stretch of time that lies in one partition: of a month, or what there is between months, which
// is all in the default one.
struct TimeRange {
  std::int64_t from = 0;  // milliseconds, both included
  std::int64_t last = 0;
  std::optional<int> month = {};
};

// All of time, from the oldest on.
std::vector<TimeRange> time_ranges(const std::set<int>& months);

}  // namespace madang::postgres
