// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>
#include <string>

#include "storage/sqlite/database.h"

namespace madang::sqlite {

// What the store knows of itself.
struct State {
  std::int64_t term = 0;          // counted up by each writer
  std::int64_t open_term = 0;     // of the writer that has not closed yet; 0: none
  std::int64_t unclean_term = 0;  // the newest writer that never closed
  std::int64_t generation = 0;    // counts lineages
  std::string lineage = {};
  std::string file = {};  // which file this was written into
  std::int64_t mark = 0;  // counts commits
  // Messages in rows below this are in the index of words, others not yet. kNoIndex: there is none.
  std::int64_t indexed = kNoIndex;
  // By how many windows at most a message stands above its time there: see word_rows.h.
  std::int64_t spill_windows = 0;

  static constexpr std::int64_t kNoIndex = -1;
  static constexpr std::int64_t kAllIndexed = std::numeric_limits<std::int64_t>::max();
};

// DataLoss if it is not there as it was written.
State read_state(Database& database);
void insert_state(Database& database, const State& state);

// Keeps the one row that each commit changes.
class StateRow {
 public:
  explicit StateRow(Database& database);

  // FailedPrecondition if another writer took the store since `term_before`.
  void update(const State& state, std::int64_t term_before);

 private:
  Database& database_;
  Statement update_;
};

}  // namespace madang::sqlite
