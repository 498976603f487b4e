// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "storage/sqlite/message_rows.h"
#include "storage/sqlite/rooms.h"
#include "storage/sqlite/state.h"
#include "storage/sqlite/word_index.h"

namespace madang::sqlite {

// Work that is done in small steps while nobody waits for it. Each runs within a transaction.
class Chores {
 public:
  Chores(Database& database, RoomTable& rooms);

  void note_removal(std::int64_t room);

  // Takes some of the rows away that are hidden. True if it did anything. `words`: null if there is
  // no index.
  bool sweep(State& state, WordIndex* words);
  // All of them of one room, however many.
  void sweep_all(const Room& room, const State& state, WordIndex* words);

  // Adds some of the messages that are not in the index yet. True if it did anything.
  bool index(State& state, WordIndex* words);

 private:
  struct NotIndexed {
    std::int64_t row = 0;
    std::int64_t room = 0;
    StoredMessage message = {};
  };

  std::vector<NotIndexed> next_not_indexed(std::int64_t from);
  bool sweep_room(const Room& room, const State& state, WordIndex* words);

  Database& database_;
  RoomTable& rooms_;
  Statement add_removal_;
  Statement next_removal_;
  Statement drop_removal_;
  RowWalk hidden_;
  Statement delete_message_;
  Statement delete_key_;
  Statement not_indexed_;
  Statement set_word_row_;
  Statement span_;
};

}  // namespace madang::sqlite
