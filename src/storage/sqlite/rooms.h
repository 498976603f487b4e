// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/sqlite/database.h"

namespace madang::sqlite {

// A row of `rooms`.
struct Room {
  std::int64_t id = 0;
  std::string name = {};
  std::string epoch = {};
  std::uint64_t top = 0;
  // The oldest and the newest message that are there; top + 1 and 0: none.
  std::uint64_t first = 1;
  std::uint64_t last = 0;
  std::optional<std::int64_t> oldest_ms = {};  // the time of `first`, if there is one
  // The latest time ever stored, and by how much at most a message is older than one before it:
  // clocks are set back.
  std::int64_t newest_ms = 0;
  std::int64_t slack_ms = 0;
  // The writer and the lineage under which this epoch was first stored.
  std::int64_t term = 0;
  std::int64_t generation = 0;

  bool empty() const { return last == 0; }

  // Notes the time of a message that comes above the top, before that is raised.
  void note_newest(std::int64_t time_ms);
  // Or between others, whose times are given if they are there.
  void note_between(std::optional<std::int64_t> before_ms, std::int64_t time_ms,
                    std::optional<std::int64_t> after_ms);
};

// As large as it can be, if it would be larger.
std::int64_t sum_of_ms(std::int64_t a, std::int64_t b);
std::int64_t difference_of_ms(std::int64_t a, std::int64_t b);

// What is asked of `rooms` and `spans`. A row that is not as it was written is DataLoss.
class RoomTable {
 public:
  explicit RoomTable(Database& database);

  std::optional<Room> find(std::string_view name);
  std::optional<Room> at(std::int64_t id);
  // The room with the oldest message, if that is before `before_ms`.
  std::optional<Room> oldest(std::int64_t before_ms);
  // Those whose names come after `name`, in the order of their bytes.
  std::vector<Room> after(std::string_view name, std::size_t rooms_max);

  void insert(Room& room);  // gives it its id
  void update(const Room& room);

  // The span of a room that holds offsets with this upper part; made if it is not there.
  std::int64_t find_or_make_span(std::int64_t room, std::uint64_t high);

 private:
  std::optional<Room> first_of(Rows& rows);

  Database& database_;
  Statement by_name_;
  Statement by_id_;
  Statement oldest_;
  Statement after_;
  Statement insert_;
  Statement update_;
  Statement find_span_;
  Statement insert_span_;
};

}  // namespace madang::sqlite
