// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/searcher.h"

#include <algorithm>
#include <set>
#include <utility>

#include "storage/sqlite/schema.h"
#include "storage/sqlite/word_index.h"

namespace madang::sqlite {

Searcher::Searcher(Database& database, RoomTable& rooms, const SearchQuery& query,
                   const std::vector<SearchPhrase>& phrases)
    : database_(database),
      rooms_(rooms),
      query_(query),
      match_(query_of(phrases)),
      spans_(database, "SELECT id, high FROM spans WHERE room = ? ORDER BY high"),
      message_(database, "SELECT time, record FROM messages WHERE id = ?"),
      first_from_(database,
                  "SELECT id, time FROM messages WHERE id BETWEEN ? AND ? ORDER BY id LIMIT 1") {}

void Searcher::run(SearchPage& page) {
  const auto older = [](const auto& a, const auto& b) { return a->place() < b->place(); };
  std::vector<std::unique_ptr<Found>> heap;
  for (const std::string& name : std::set<std::string>(query_.rooms.begin(), query_.rooms.end())) {
    auto found = search_room(name);
    if (found != nullptr && next(*found)) heap.push_back(std::move(found));
  }
  std::make_heap(heap.begin(), heap.end(), older);
  while (!heap.empty() && page.messages.size() < query_.messages_max && database_.ok()) {
    std::pop_heap(heap.begin(), heap.end(), older);
    take(*heap.back(), page);
    if (next(*heap.back())) {
      std::push_heap(heap.begin(), heap.end(), older);
    } else {
      heap.pop_back();
    }
  }
}

std::unique_ptr<Searcher::Found> Searcher::search_room(const std::string& name) {
  std::optional<Room> room = rooms_.find(name);
  if (!room || room->empty()) return nullptr;
  auto found = std::make_unique<Found>();
  found->room = *std::move(room);
  {
    Rows rows(spans_, found->room.id);
    while (rows.next())
      found->spans.emplace_back(rows.number(0), static_cast<std::uint64_t>(rows.number(1)));
  }
  found->below = query_.below ? offsets_below_cursor(*found) : found->room.last + 1;
  found->match = std::make_unique<Statement>(database_,
                                             "SELECT rowid FROM words WHERE words MATCH ?"
                                             " AND rowid BETWEEN ? AND ? ORDER BY rowid DESC");
  return found;
}

// Goes to the next message of the room that is to be shown.
bool Searcher::next(Found& found) {
  for (;;) {
    while (found.rows && found.rows->next()) {
      const std::int64_t row = found.rows->number(0);
      found.offset =
          found.spans.back().second << kLowBits | (static_cast<std::uint64_t>(row) & kLowMax);
      if (!read_message(found, row)) return false;
      if (is_below_cursor(found)) return true;
    }
    if (!database_.ok()) return false;
    // One span is through. The next that holds offsets from `first` to `below`:
    if (found.rows) found.spans.pop_back();
    found.rows.reset();
    if (found.below == 0) return false;
    const std::uint64_t last = found.below - 1;
    while (!found.spans.empty() && found.spans.back().second > last >> kLowBits)
      found.spans.pop_back();
    if (found.spans.empty() || found.spans.back().second < found.room.first >> kLowBits)
      return false;
    const auto [span, high] = found.spans.back();
    const std::uint64_t from =
        high == found.room.first >> kLowBits ? found.room.first & kLowMax : 0;
    const std::uint64_t to = high == last >> kLowBits ? last & kLowMax : kLowMax;
    found.rows.emplace(*found.match, Text{match_}, row_of(span, from), row_of(span, to));
  }
}

bool Searcher::read_message(Found& found, std::int64_t row) {
  Rows rows(message_, row);
  if (!rows.next()) {
    database_.fail(absl::DataLossError("the index of words names a message that is not there"));
    return false;
  }
  found.time_ms = rows.number(0);
  found.record = rows.bytes(1);
  return true;
}

bool Searcher::is_below_cursor(const Found& found) const {
  if (!query_.below) return true;
  const std::int64_t time_ms = ms_of(query_.below->time);
  return found.place() < std::tie(time_ms, query_.below->room, query_.below->offset);
}

// Where to go on in a room: the offset whose message, and all after it, were shown. Times ascend
// with the offsets, so that it is found by halving.
std::uint64_t Searcher::offsets_below_cursor(const Found& found) {
  if (found.room.name == query_.below->room) {
    return std::min(query_.below->offset, found.room.last + 1);
  }
  const std::int64_t time_ms = ms_of(query_.below->time);
  std::uint64_t low = found.room.first;
  std::uint64_t high = found.room.last + 1;
  while (low < high && database_.ok()) {
    const std::uint64_t middle = low + (high - low) / 2;
    std::optional<std::int64_t> time;
    std::uint64_t offset = 0;
    for (const auto& [span, upper] : found.spans) {
      if (upper < middle >> kLowBits) continue;
      const std::uint64_t from = upper == middle >> kLowBits ? middle & kLowMax : 0;
      Rows rows(first_from_, row_of(span, from), row_of(span, kLowMax));
      if (!rows.next()) continue;
      offset = upper << kLowBits | (static_cast<std::uint64_t>(rows.number(0)) & kLowMax);
      time = rows.number(1);
      break;
    }
    if (time && *time <= time_ms) {
      low = offset + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

void Searcher::take(const Found& found, SearchPage& page) {
  StoredMessage message;
  message.room = found.room.name;
  message.offset = found.offset;
  message.time = time_of_ms(found.time_ms);
  std::uint64_t previous = 0;
  if (!decode(found.record, found.room.id, message, previous)) {
    return database_.fail(absl::DataLossError("a message of the store is damaged"));
  }
  page.messages.push_back(std::move(message));
}

}  // namespace madang::sqlite
