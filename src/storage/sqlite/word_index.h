// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/sqlite/database.h"
#include "storage/sqlite/state.h"
#include "storage/sqlite/word_rows.h"

namespace madang::sqlite {

// The words of all messages, by the word rows they have, and of each message one word more, which
// names its room. It holds no text, so whoever takes a message out of it must bring the same
// payload again. Words are added in the order of their rows as far as can be: what goes back is
// sorted apart.
class WordIndex {
 public:
  explicit WordIndex(Database& database);

  static bool is_there(Database& database);
  static void make(Database& database);
  static void drop(Database& database);

  // Adds the message in `row`. Answers its word row; nothing if it has no word.
  std::optional<std::int64_t> add(std::int64_t row, std::int64_t room, std::int64_t time_ms,
                                  std::string_view payload);
  void remove(std::int64_t word_row, std::int64_t room, std::string_view payload);

  // Lets go of what only messages that were removed needed.
  void forget_windows() { rows_.forget_windows(); }

  // To be called before the state is written with what was added.
  void flush(State& state);

 private:
  Database& database_;
  WordRows rows_;
  Statement insert_;
  Statement delete_;
};

// What a search asks the index: that all words are there, and that one of `rooms` is; none: any.
std::string match_query(const std::vector<std::string_view>& words,
                        const std::vector<std::int64_t>& rooms);

}  // namespace madang::sqlite
