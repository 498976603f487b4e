// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "madang/storage/message_search.h"
#include "storage/sqlite/database.h"
#include "storage/sqlite/record.h"
#include "storage/sqlite/rooms.h"

namespace madang::sqlite {

// The statements of searches.
struct SearchStatements {
  explicit SearchStatements(Database& database);

  Statement match;
  Statement row;
  Statement last_row;
  Statement window;
  Statement span;
  Statement message;
  Statement record;
  Statement rooms;
};

// One search. The index names messages by time, the newest first but for a known disorder, and is
// asked for no more than a page takes: until nothing that is still to come can be on it. It goes
// through all messages with a word, so a word that is much more common than another is not asked
// for: it is looked for in the texts that have the rarer one. At first it is asked for messages of
// any room, which finds the page at once if a word is rare, or if most messages are of a room that
// is searched. Otherwise the rooms become a part of what it is asked for.
class Searcher {
 public:
  Searcher(Database& database, RoomTable& rooms, SearchStatements& statements,
           const SearchQuery& query, const std::vector<SearchPhrase>& phrases);

  void run(SearchPage& page);

 private:
  // The room and the upper part of an offset that a span stands for; no room: it is not searched.
  struct Span {
    const Room* room = nullptr;
    std::uint64_t high = 0;
  };
  // In the order of the results: time, room and offset. And the row.
  using Place = std::tuple<std::int64_t, std::string_view, std::uint64_t, std::int64_t>;

  void find_rooms();
  void choose_words(std::int64_t last);
  double reach_of(std::string_view word, std::int64_t last);
  double messages_between(std::int64_t oldest, std::int64_t newest);
  double share_of_rooms();
  // Reads what the index finds at or below `last`. Where to go on if it was given up, because the
  // index found too much in other rooms.
  std::optional<std::int64_t> read(std::int64_t last, bool all_rooms);
  bool is_full() const { return found_.size() >= query_.messages_max; }
  // Whether nothing that comes now can be on the page.
  bool is_done(std::int64_t word_row) const;
  void note_time(std::int64_t word_row, std::int64_t time_ms);
  void note(std::int64_t word_row);
  const Span& span_of(std::int64_t row);
  bool is_below_cursor(const Place& place) const;
  bool has_phrases(const Place& place, std::int64_t room_id);
  StoredMessage message_at(const Place& place, std::int64_t room_id);

  Database& database_;
  RoomTable& room_table_;
  SearchStatements& statements_;
  const SearchQuery& query_;
  const std::vector<SearchPhrase>& phrases_;
  std::vector<std::string_view> words_ = {};  // that the index is asked for
  bool needs_text_;                           // to see the others, or where they are
  std::map<std::int64_t, Room> rooms_ = {};   // that are searched, by id
  double share_ = 0;                          // of the rooms of the store
  std::map<std::int64_t, Span> spans_ = {};   // that were met
  std::set<Place, std::greater<>> found_ = {};
  // Of what was noted last: its window, the slack of that, and what no later one of it exceeds.
  std::int64_t window_ = std::numeric_limits<std::int64_t>::min();
  std::int64_t slack_ms_ = 0;
  std::int64_t latest_ms_ = 0;
};

}  // namespace madang::sqlite
