// SPDX-License-Identifier: Apache-2.0
#include "storage/postgres/months.h"

#include <fmt/format.h>

#include <charconv>
#include <limits>

namespace madang::postgres {
namespace {

using std::chrono::milliseconds;

int calendar_month(WallTime time) {
  const std::chrono::year_month_day day(std::chrono::floor<std::chrono::days>(time));
  return (static_cast<int>(day.year()) - 1970) * 12 +
         static_cast<int>(static_cast<unsigned>(day.month())) - 1;
}

}  // namespace

WallTime month_begin(int month) {
  const int from_year_zero = 1970 * 12 + month;
  return std::chrono::sys_days(std::chrono::year(from_year_zero / 12) /
                               std::chrono::month(static_cast<unsigned>(from_year_zero % 12 + 1)) /
                               1);
}

std::optional<int> month_of(WallTime time, WallTime now) {
  // Before anything else, for a calendar has no place for most of 64 bits.
  const auto far = std::chrono::days(31 * (kMonthsBack + 1));
  if (time < now - far || time > now + far) return {};
  const int month = calendar_month(time);
  const int present = calendar_month(now);
  if (month < present - kMonthsBack || month > present + kMonthsAhead) return {};
  return month;
}

std::string month_name(int month) {
  const int from_year_zero = 1970 * 12 + month;
  return fmt::format("{:04}_{:02}", from_year_zero / 12, from_year_zero % 12 + 1);
}

std::optional<int> month_named(std::string_view name) {
  if (name.size() != 7 || name[4] != '_') return {};
  int year = 0;
  int month = 0;
  const char* const text = name.data();
  if (std::from_chars(text, text + 4, year).ptr != text + 4) return {};
  if (std::from_chars(text + 5, text + 7, month).ptr != text + 7) return {};
  if (month < 1 || month > 12) return {};
  return (year - 1970) * 12 + month - 1;
}

std::vector<TimeRange> time_ranges(const std::set<int>& months) {
  std::vector<TimeRange> ranges;
  std::int64_t from = std::numeric_limits<std::int64_t>::min();
  for (const int month : months) {
    const std::int64_t begin = month_begin(month).time_since_epoch().count();
    const std::int64_t end = month_begin(month + 1).time_since_epoch().count();
    if (from < begin) ranges.push_back({from, begin - 1, {}});
    ranges.push_back({begin, end - 1, month});
    from = end;
  }
  ranges.push_back({from, std::numeric_limits<std::int64_t>::max(), {}});
  return ranges;
}

}  // namespace madang::postgres
