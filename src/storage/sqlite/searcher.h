// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "madang/storage/message_search.h"
#include "storage/sqlite/database.h"
#include "storage/sqlite/record.h"
#include "storage/sqlite/rooms.h"

namespace madang::sqlite {

// One search. Within a room what is found comes by offset, from the index itself, which stops when
// the page is full; the rooms are merged by time.
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
    // The one that comes next.
    std::uint64_t offset = 0;
    std::int64_t time_ms = 0;
    std::string record = {};

    auto place() const { return std::tie(time_ms, room.name, offset); }
  };

  std::unique_ptr<Found> search_room(const std::string& name);
  bool next(Found& found);
  bool read_message(Found& found, std::int64_t row);
  bool is_below_cursor(const Found& found) const;
  std::uint64_t offsets_below_cursor(const Found& found);
  void take(const Found& found, SearchPage& page);

  Database& database_;
  RoomTable& rooms_;
  const SearchQuery& query_;
  const std::string match_;
  Statement spans_;
  Statement message_;
  Statement first_from_;
};

}  // namespace madang::sqlite
