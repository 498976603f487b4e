// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/rooms.h"

#include <algorithm>
#include <limits>

#include "storage/sqlite/record.h"
#include "storage/sqlite/schema.h"

namespace madang::sqlite {
namespace {

#define MADANG_SELECT_ROOMS                                                \
  "SELECT id, name, epoch, top, first, last, oldest, newest, slack, term," \
  " generation, seal FROM rooms"

std::int64_t seal_of(const Room& room) {
  Seal seal;
  seal.add(static_cast<std::uint64_t>(room.id)).add(room.name).add(room.epoch);
  seal.add(room.top).add(room.first).add(room.last);
  seal.add(static_cast<std::uint64_t>(room.oldest_ms.has_value()));
  seal.add(static_cast<std::uint64_t>(room.oldest_ms.value_or(0)));
  seal.add(static_cast<std::uint64_t>(room.term));
  seal.add(static_cast<std::uint64_t>(room.newest_ms));
  seal.add(static_cast<std::uint64_t>(room.slack_ms));
  return seal.add(static_cast<std::uint64_t>(room.generation)).value();
}

// The room in this row; fails `database` if it is damaged.
Room room_of(Database& database, const Rows& rows) {
  Room room;
  room.id = rows.number(0);
  room.name = rows.bytes(1);
  room.epoch = rows.bytes(2);
  room.top = static_cast<std::uint64_t>(rows.number(3));
  room.first = static_cast<std::uint64_t>(rows.number(4));
  room.last = static_cast<std::uint64_t>(rows.number(5));
  if (!rows.is_null(6)) room.oldest_ms = rows.number(6);
  room.newest_ms = rows.number(7);
  room.slack_ms = rows.number(8);
  room.term = rows.number(9);
  room.generation = rows.number(10);
  if (rows.number(11) != seal_of(room)) {
    database.fail(absl::DataLossError("a room of the store is damaged"));
  }
  return room;
}

}  // namespace

std::int64_t sum_of_ms(std::int64_t a, std::int64_t b) {
  std::int64_t result = 0;
  return __builtin_add_overflow(a, b, &result) ? std::numeric_limits<std::int64_t>::max() : result;
}

std::int64_t difference_of_ms(std::int64_t a, std::int64_t b) {
  std::int64_t result = 0;
  return __builtin_sub_overflow(a, b, &result) ? std::numeric_limits<std::int64_t>::max() : result;
}

void Room::note_newest(std::int64_t time_ms) {
  if (top == 0 || time_ms > newest_ms) {
    newest_ms = time_ms;
  } else {
    slack_ms = std::max(slack_ms, difference_of_ms(newest_ms, time_ms));
  }
}

void Room::note_between(std::optional<std::int64_t> before_ms, std::int64_t time_ms,
                        std::optional<std::int64_t> after_ms) {
  const std::int64_t slack = slack_ms;
  newest_ms = std::max(newest_ms, time_ms);
  if (before_ms)
    slack_ms = std::max(slack_ms, sum_of_ms(slack, difference_of_ms(*before_ms, time_ms)));
  if (after_ms)
    slack_ms = std::max(slack_ms, sum_of_ms(slack, difference_of_ms(time_ms, *after_ms)));
}

RoomTable::RoomTable(Database& database)
    : database_(database),
      by_name_(database, MADANG_SELECT_ROOMS " WHERE name = ?"),
      by_id_(database, MADANG_SELECT_ROOMS " WHERE id = ?"),
      oldest_(database, MADANG_SELECT_ROOMS " WHERE oldest < ? ORDER BY oldest LIMIT 1"),
      after_(database, MADANG_SELECT_ROOMS " WHERE name > ? ORDER BY name LIMIT ?"),
      insert_(database,
              "INSERT INTO rooms(name, epoch, top, first, last, oldest, newest, slack, term,"
              " generation, seal)"
              " VALUES(?, x'', 0, 1, 0, NULL, 0, 0, 0, 0, 0)"),
      update_(database,
              "UPDATE rooms SET epoch = ?, top = ?, first = ?, last = ?, oldest = ?, newest = ?, "
              "slack = ?, term = ?,"
              " generation = ?, seal = ? WHERE id = ?"),
      find_span_(database, "SELECT id FROM spans WHERE room = ? AND high = ?"),
      insert_span_(database, "INSERT INTO spans(room, high) VALUES(?, ?)") {}

std::optional<Room> RoomTable::first_of(Rows& rows) {
  if (!rows.next()) return std::nullopt;
  Room room = room_of(database_, rows);
  if (!database_.ok()) return std::nullopt;
  return room;
}

std::optional<Room> RoomTable::find(std::string_view name) {
  Rows rows(by_name_, name);
  return first_of(rows);
}

std::optional<Room> RoomTable::at(std::int64_t id) {
  Rows rows(by_id_, id);
  return first_of(rows);
}

std::optional<Room> RoomTable::oldest(std::int64_t before_ms) {
  Rows rows(oldest_, before_ms);
  return first_of(rows);
}

std::vector<Room> RoomTable::after(std::string_view name, std::size_t rooms_max) {
  constexpr std::size_t kMost = std::size_t{1} << 62;
  Rows rows(after_, name, std::uint64_t{std::min(rooms_max, kMost)});
  std::vector<Room> page;
  while (rows.next())
    page.push_back(room_of(database_, rows));
  return page;
}

void RoomTable::insert(Room& room) {
  if (run(database_, insert_, room.name)) room.id = sqlite3_last_insert_rowid(database_.handle());
}

void RoomTable::update(const Room& room) {
  const auto update = [&](auto oldest) {
    run(database_, update_, room.epoch, room.top, room.first, room.last, oldest, room.newest_ms,
        room.slack_ms, room.term, room.generation, seal_of(room), room.id);
  };
  room.oldest_ms ? update(*room.oldest_ms) : update(nullptr);
}

std::int64_t RoomTable::find_or_make_span(std::int64_t room, std::uint64_t high) {
  {
    Rows rows(find_span_, room, high);
    if (rows.next()) return rows.number(0);
  }
  if (!run(database_, insert_span_, room, high)) return 0;
  const std::int64_t span = sqlite3_last_insert_rowid(database_.handle());
  if (span > kSpanMax) {
    database_.fail(absl::ResourceExhaustedError("the store has as many rooms as it can name"));
  }
  return span;
}

}  // namespace madang::sqlite
