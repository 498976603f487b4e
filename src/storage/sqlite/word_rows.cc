// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/word_rows.h"

#include <algorithm>

#include "storage/sqlite/rooms.h"

namespace madang::sqlite {
namespace {

// Half of what would fit, so that a spill never leaves it.
constexpr std::int64_t kWindowMax = (std::int64_t{1} << (62 - kCountBits)) - 1;

std::int64_t first_row(std::int64_t window) { return window * (std::int64_t{1} << kCountBits); }

}  // namespace

std::int64_t window_of_time(std::int64_t time_ms) {
  return std::clamp(time_ms >> kWindowMsBits, -kWindowMax, kWindowMax);
}

std::int64_t last_row_of_window(std::int64_t window) {
  return first_row(window) + (std::int64_t{1} << kCountBits) - 1;
}

std::int64_t end_of_window(std::int64_t window) {
  if (window >= kWindowMax) return std::numeric_limits<std::int64_t>::max();
  return (window + 1) * (std::int64_t{1} << kWindowMsBits) - 1;
}

std::int64_t last_word_row(std::int64_t time_ms, std::int64_t spill_windows) {
  return last_row_of_window(window_of_time(time_ms) +
                            std::clamp<std::int64_t>(spill_windows, 0, kWindowMax));
}

WordRows::WordRows(Database& database)
    : database_(database),
      last_(database, "SELECT id FROM word_rows WHERE id BETWEEN ? AND ? ORDER BY id DESC LIMIT 1"),
      insert_(database, "INSERT INTO word_rows(id, row) VALUES(?, ?)"),
      delete_(database, "DELETE FROM word_rows WHERE id = ?"),
      window_(database, "SELECT newest, slack FROM word_windows WHERE id = ?"),
      replace_window_(database, "REPLACE INTO word_windows(id, newest, slack) VALUES(?, ?, ?)"),
      forget_windows_(database,
                      "DELETE FROM word_windows WHERE id < (SELECT min(id) FROM word_rows) >> ?") {}

void WordRows::make(Database& database) {
  database.run(
      "CREATE TABLE word_rows(id INTEGER PRIMARY KEY, row INTEGER NOT NULL);"
      "CREATE TABLE word_windows("
      " id INTEGER PRIMARY KEY, newest INTEGER NOT NULL, slack INTEGER NOT NULL)");
}

void WordRows::drop(Database& database) {
  database.run("DROP TABLE IF EXISTS word_rows; DROP TABLE IF EXISTS word_windows");
}

std::int64_t WordRows::add(std::int64_t row, std::int64_t time_ms) {
  const std::int64_t window = window_of_time(time_ms);
  if (window != asked_ || given_.next_row > last_row_of_window(given_.id)) go_to(window);
  if (time_ms >= given_.newest_ms) {
    given_.newest_ms = time_ms;
  } else {
    given_.slack_ms = std::max(given_.slack_ms, difference_of_ms(given_.newest_ms, time_ms));
  }
  given_.changed = true;
  run(database_, insert_, given_.next_row, row);
  return given_.next_row++;
}

// Lets the next one be of `window`, or of the first after it that is not full.
void WordRows::go_to(std::int64_t window) {
  const std::int64_t from = window == asked_ ? given_.id + 1 : window;
  flush();
  asked_ = window;
  for (std::int64_t id = from; database_.ok() && id - window < kWindowMax; ++id) {
    given_ = read(id);
    if (given_.next_row > last_row_of_window(id)) continue;
    spill_windows_ = std::max(spill_windows_, id - window);
    return;
  }
  database_.fail(absl::ResourceExhaustedError("too many messages of one time"));
}

WordRows::Window WordRows::read(std::int64_t id) {
  Window window{.id = id, .next_row = first_row(id)};
  {
    Rows rows(last_, first_row(id), last_row_of_window(id));
    if (rows.next()) window.next_row = rows.number(0) + 1;
  }
  Rows rows(window_, id);
  if (rows.next()) {
    window.newest_ms = rows.number(0);
    window.slack_ms = rows.number(1);
  }
  return window;
}

void WordRows::remove(std::int64_t word_row) { run(database_, delete_, word_row); }

void WordRows::forget_windows() { run(database_, forget_windows_, std::int64_t{kCountBits}); }

void WordRows::flush() {
  if (!given_.changed) return;
  run(database_, replace_window_, given_.id, given_.newest_ms, given_.slack_ms);
  given_.changed = false;
}

}  // namespace madang::sqlite
