// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/word_rows.h"

#include <algorithm>

namespace madang::sqlite {
namespace {

// Half of what would fit, so that a spill never leaves it.
constexpr std::int64_t kMsMax = (std::int64_t{1} << (62 - kCountBits)) - 1;

std::int64_t first_row(std::int64_t ms) { return ms * (std::int64_t{1} << kCountBits); }
std::int64_t last_row(std::int64_t ms) { return first_row(ms) + (1 << kCountBits) - 1; }

}  // namespace

std::int64_t counted_ms(std::int64_t time_ms) { return std::clamp(time_ms, -kMsMax, kMsMax); }

std::int64_t last_word_row(std::int64_t time_ms, std::int64_t spill_ms) {
  return last_row(counted_ms(time_ms) + std::clamp<std::int64_t>(spill_ms, 0, kMsMax));
}

WordRows::WordRows(Database& database)
    : database_(database),
      last_(database, "SELECT id FROM word_rows WHERE id BETWEEN ? AND ? ORDER BY id DESC LIMIT 1"),
      insert_(database, "INSERT INTO word_rows(id, row) VALUES(?, ?)"),
      delete_(database, "DELETE FROM word_rows WHERE id = ?") {}

void WordRows::make(Database& database) {
  database.run("CREATE TABLE word_rows(id INTEGER PRIMARY KEY, row INTEGER NOT NULL)");
}

void WordRows::drop(Database& database) { database.run("DROP TABLE IF EXISTS word_rows"); }

std::int64_t WordRows::add(std::int64_t row, std::int64_t time_ms) {
  const std::int64_t ms = counted_ms(time_ms);
  // Nobody else adds between two of the same time.
  const bool goes_on = ms == asked_ms_ && given_ < last_row(counted_ms_of_row(given_));
  given_ = goes_on ? given_ + 1 : free_row(ms);
  asked_ms_ = ms;
  run(database_, insert_, given_, row);
  return given_;
}

std::int64_t WordRows::free_row(std::int64_t ms) {
  std::int64_t there = ms == asked_ms_ ? counted_ms_of_row(given_) : ms;
  for (; database_.ok() && there - ms < kMsMax; ++there) {
    Rows rows(last_, first_row(there), last_row(there));
    const std::int64_t free = rows.next() ? rows.number(0) + 1 : first_row(there);
    if (free > last_row(there)) continue;
    spill_ms_ = std::max(spill_ms_, there - ms);
    return free;
  }
  database_.fail(absl::ResourceExhaustedError("too many messages of one time"));
  return 0;
}

void WordRows::remove(std::int64_t word_row) { run(database_, delete_, word_row); }

}  // namespace madang::sqlite
