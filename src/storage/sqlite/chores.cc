// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/chores.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "storage/sqlite/record.h"
#include "storage/sqlite/schema.h"

namespace madang::sqlite {
namespace {

// Rows of one step: some ten milliseconds, which a batch may have to wait.
constexpr std::size_t kRowsSwept = 2000;
constexpr std::size_t kRowsIndexed = 500;

}  // namespace

Chores::Chores(Database& database, RoomTable& rooms)
    : database_(database),
      rooms_(rooms),
      add_removal_(database, "INSERT OR IGNORE INTO removals(room) VALUES(?)"),
      next_removal_(database, "SELECT room FROM removals LIMIT 1"),
      drop_removal_(database, "DELETE FROM removals WHERE room = ?"),
      hidden_(
          database,
          "SELECT id, time, record, word_row FROM messages WHERE id BETWEEN ? AND ? ORDER BY id",
          "SELECT id, time, record, word_row FROM messages WHERE id BETWEEN ? AND ?"
          " ORDER BY id DESC"),
      delete_message_(database, "DELETE FROM messages WHERE id = ?"),
      delete_key_(database, "DELETE FROM keys WHERE id = ?"),
      not_indexed_(database, "SELECT id, time, record FROM messages WHERE id >= ? ORDER BY id"),
      set_word_row_(database, "UPDATE messages SET word_row = ? WHERE id = ?"),
      span_(database, "SELECT room, high FROM spans WHERE id = ?") {}

void Chores::note_removal(std::int64_t room) { run(database_, add_removal_, room); }

bool Chores::sweep(State& state, WordIndex* words) {
  std::int64_t id = 0;
  {
    Rows rows(next_removal_);
    if (!rows.next()) return false;
    id = rows.number(0);
  }
  const std::optional<Room> room = rooms_.at(id);
  if (!database_.ok()) return false;
  if (!room || !sweep_room(*room, state, words)) {
    run(database_, drop_removal_, id);
    if (words != nullptr) words->forget_windows();
  }
  return true;
}

void Chores::sweep_all(const Room& room, const State& state, WordIndex* words) {
  while (sweep_room(room, state, words) && database_.ok())
    ;
}

// Whether there may be more.
bool Chores::sweep_room(const Room& room, const State& state, WordIndex* words) {
  if (room.first <= 1) return false;
  std::vector<std::int64_t> gone;
  {
    WalkedRows rows(hidden_, room.id, 1, room.first - 1, Direction::kUp);
    while (gone.size() < kRowsSwept && rows.next()) {
      const std::int64_t row = rows.row().number(0);
      gone.push_back(row);
      const auto word_row = rows.row().number_or_null(3);
      if (words == nullptr || row >= state.indexed || !word_row) continue;
      StoredMessage message;
      message.offset = rows.offset();
      message.time = time_of_ms(rows.row().number(1));
      std::uint64_t previous = 0;
      // If it is damaged its words stay, and lead to what is hidden.
      const bool whole = decode(rows.row().bytes(2), room.id, message, previous);
      if (whole) words->remove(*word_row, room.id, message.data.view());
    }
  }
  for (const std::int64_t row : gone) {
    run(database_, delete_message_, row);
    run(database_, delete_key_, row);
  }
  return gone.size() == kRowsSwept;
}

bool Chores::index(State& state, WordIndex* words) {
  if (words == nullptr || state.indexed == State::kAllIndexed) return false;
  std::vector<NotIndexed> found = next_not_indexed(state.indexed);
  if (!found.empty()) state.indexed = found.back().row + 1;
  if (found.size() < kRowsIndexed && database_.ok()) state.indexed = State::kAllIndexed;
  // The index takes them by time, and sorts apart what goes back.
  std::sort(found.begin(), found.end(), [](const NotIndexed& a, const NotIndexed& b) {
    return std::tie(a.message.time, a.row) < std::tie(b.message.time, b.row);
  });
  for (const NotIndexed& each : found) {
    const auto word_row =
        words->add(each.row, each.room, ms_of(each.message.time), each.message.data.view());
    run(database_, set_word_row_, word_row, each.row);
    if (!database_.ok()) break;
  }
  return true;
}

std::vector<Chores::NotIndexed> Chores::next_not_indexed(std::int64_t from) {
  std::vector<NotIndexed> found;
  std::int64_t span = 0;
  std::int64_t room = 0;
  std::uint64_t high = 0;
  Rows rows(not_indexed_, from);
  while (found.size() < kRowsIndexed && rows.next()) {
    const std::int64_t row = rows.number(0);
    if (row >> kLowBits != span) {
      span = row >> kLowBits;
      Rows names(span_, span);
      if (names.next()) {
        room = names.number(0);
        high = static_cast<std::uint64_t>(names.number(1));
      }
    }
    NotIndexed next{.row = row, .room = room};
    next.message.offset = high << kLowBits | (static_cast<std::uint64_t>(row) & kLowMax);
    next.message.time = time_of_ms(rows.number(1));
    std::uint64_t previous = 0;
    // One that is damaged is not found, and whoever reads it is told.
    if (!decode(rows.bytes(2), room, next.message, previous)) next.message.data = {};
    found.push_back(std::move(next));
  }
  return found;
}

}  // namespace madang::sqlite
