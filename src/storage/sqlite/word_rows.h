// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>

#include "storage/sqlite/database.h"

namespace madang::sqlite {

// Word rows number the messages of the index by their time: the milliseconds, and a count of those
// that have the same. So what the index finds comes by time, whatever room it is in. Where a
// millisecond is full the next one is taken: the message stands above its time then, by at most the
// spill, and never below it.
inline constexpr int kCountBits = 16;
inline constexpr std::int64_t kWordRowMax = std::numeric_limits<std::int64_t>::max();

// The time that a word row stands for: as far from 1970 as there are rows for, some 2,000 years.
std::int64_t counted_ms(std::int64_t time_ms);
// The same of a row.
inline std::int64_t counted_ms_of_row(std::int64_t word_row) { return word_row >> kCountBits; }

// The last row of those whose message is not later than this.
std::int64_t last_word_row(std::int64_t time_ms, std::int64_t spill_ms);

// The table that says in which row of `messages` each of them is.
class WordRows {
 public:
  explicit WordRows(Database& database);

  static void make(Database& database);
  static void drop(Database& database);

  std::int64_t add(std::int64_t row, std::int64_t time_ms);
  void remove(std::int64_t word_row);

  // The largest that was needed here.
  std::int64_t spill_ms() const { return spill_ms_; }

 private:
  std::int64_t free_row(std::int64_t ms);

  Database& database_;
  Statement last_;
  Statement insert_;
  Statement delete_;
  std::int64_t spill_ms_ = 0;
  // What add() was asked for last, and what it gave: most come with the same time.
  std::int64_t asked_ms_ = std::numeric_limits<std::int64_t>::min();
  std::int64_t given_ = 0;
};

}  // namespace madang::sqlite
