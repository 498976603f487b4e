// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "madang/storage/message_search.h"
#include "storage/sqlite/database.h"
#include "storage/sqlite/record.h"
#include "storage/sqlite/rooms.h"

namespace madang::sqlite {

// One search. Within a room what is found comes by offset, from the index itself, which stops when
// the page is full. That is by time, but for the room's slack: so much further it is read before
// one is taken. The rooms are merged by time.
class Searcher {
 public:
  Searcher(Database& database, RoomTable& rooms, const SearchQuery& query,
           const std::vector<SearchPhrase>& phrases);

  void run(SearchPage& page);

 private:
  // What is found in one room, from the newest on.
  struct Found {
    Room room;
    std::vector<std::pair<std::int64_t, std::uint64_t>> spans;  // and upper parts, the oldest first
    std::uint64_t below = 0;                                    // offsets that are still to come
    std::unique_ptr<Statement> match;
    std::optional<Rows> rows;
    // Time, offset and row of those that were read and not taken yet; the time of the last read.
    std::set<std::tuple<std::int64_t, std::uint64_t, std::int64_t>> waiting = {};
    std::int64_t last_ms = 0;
    bool ended = false;

    // Of the one that comes next.
    auto place() const {
      const auto& [time_ms, offset, row] = *waiting.rbegin();
      return std::tie(time_ms, room.name, offset);
    }
  };

  std::unique_ptr<Found> search_room(const std::string& name);
  bool have_next(Found& found);
  void read_on(Found& found);
  void note(Found& found, std::uint64_t offset, std::int64_t row);
  std::uint64_t offsets_below_cursor(const Found& found);
  void take(Found& found, SearchPage& page);

  Database& database_;
  RoomTable& rooms_;
  const SearchQuery& query_;
  const std::string match_;
  Statement spans_;
  Statement time_;
  Statement record_;
  Statement first_from_;
};

}  // namespace madang::sqlite
