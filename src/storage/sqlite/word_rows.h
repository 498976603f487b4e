// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>

#include "storage/sqlite/database.h"

namespace madang::sqlite {

// Word rows number the messages of the index: by the window of time they are of, about a minute
// each, and within it as they come. So what the index finds comes by time, whatever room it is in
// and whenever it was stored, but for the disorder within a window, which is known; and neighbours
// have numbers close to each other, which the index holds in few bytes. Where a window is full the
// next one is taken: a message stands above its time then, by at most the spill, and never below.
inline constexpr int kWindowMsBits = 16;
inline constexpr int kCountBits = 24;
inline constexpr std::int64_t kWordRowMax = std::numeric_limits<std::int64_t>::max();

// Times that are too far from 1970 for a number, by some 100,000 years, are all in the same window.
std::int64_t window_of_time(std::int64_t time_ms);
inline std::int64_t window_of_row(std::int64_t word_row) { return word_row >> kCountBits; }
inline std::int64_t count_of_row(std::int64_t word_row) {
  return word_row & ((std::int64_t{1} << kCountBits) - 1);
}
std::int64_t last_row_of_window(std::int64_t window);
// No message in it is later.
std::int64_t end_of_window(std::int64_t window);
// No message up to this time is in a row above.
std::int64_t last_word_row(std::int64_t time_ms, std::int64_t spill_windows);

// The tables that say in which row of `messages` each word row is, and of each window by how much
// at most a message in it is older than one in a row before it.
class WordRows {
 public:
  explicit WordRows(Database& database);

  static void make(Database& database);
  static void drop(Database& database);

  std::int64_t add(std::int64_t row, std::int64_t time_ms);
  void remove(std::int64_t word_row);
  // Lets go of windows that are older than all messages.
  void forget_windows();

  // Writes what add() keeps in memory. To be called before a commit.
  void flush();
  // The largest that was needed here.
  std::int64_t spill_windows() const { return spill_windows_; }

 private:
  // It is never wrong to know of more disorder than there is, and of fewer free rows: so this may
  // outlive a transaction that was taken back.
  struct Window {
    std::int64_t id = 0;
    std::int64_t next_row = 0;
    std::int64_t newest_ms = std::numeric_limits<std::int64_t>::min();
    std::int64_t slack_ms = 0;
    bool changed = false;
  };

  void go_to(std::int64_t window);
  Window read(std::int64_t window);

  Database& database_;
  Statement last_;
  Statement insert_;
  Statement delete_;
  Statement window_;
  Statement replace_window_;
  Statement forget_windows_;
  // Which window was asked for last, and which was given.
  std::int64_t asked_ = std::numeric_limits<std::int64_t>::min();
  Window given_;
  std::int64_t spill_windows_ = 0;
};

}  // namespace madang::sqlite
