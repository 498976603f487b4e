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
      time_(database, "SELECT time FROM messages WHERE id = ?"),
      record_(database, "SELECT record FROM messages WHERE id = ?"),
      first_from_(database,
                  "SELECT id, time FROM messages WHERE id BETWEEN ? AND ? ORDER BY id LIMIT 1") {}

void Searcher::run(SearchPage& page) {
  const auto older = [](const auto& a, const auto& b) { return a->place() < b->place(); };
  std::vector<std::unique_ptr<Found>> heap;
  for (const std::string& name : std::set<std::string>(query_.rooms.begin(), query_.rooms.end())) {
    auto found = search_room(name);
    if (found != nullptr && have_next(*found)) heap.push_back(std::move(found));
  }
  std::make_heap(heap.begin(), heap.end(), older);
  while (!heap.empty() && page.messages.size() < query_.messages_max && database_.ok()) {
    std::pop_heap(heap.begin(), heap.end(), older);
    take(*heap.back(), page);
    if (have_next(*heap.back())) {
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

// Whether there is one to take: no other of its room that is still to be read comes before it.
bool Searcher::have_next(Found& found) {
  while (!found.ended && database_.ok()) {
    if (!found.waiting.empty() &&
        std::get<0>(*found.waiting.rbegin()) >= sum_of_ms(found.last_ms, found.room.slack_ms)) {
      break;
    }
    read_on(found);
  }
  return database_.ok() && !found.waiting.empty();
}

// Reads one more, or goes to the next span.
void Searcher::read_on(Found& found) {
  if (found.rows && found.rows->next()) {
    const std::int64_t row = found.rows->number(0);
    const std::uint64_t low = static_cast<std::uint64_t>(row) & kLowMax;
    return note(found, found.spans.back().second << kLowBits | low, row);
  }
  if (found.rows) found.spans.pop_back();
  found.rows.reset();
  const std::uint64_t last = found.below - 1;
  while (!found.spans.empty() && found.spans.back().second > last >> kLowBits)
    found.spans.pop_back();
  const std::uint64_t first = found.room.first;
  if (found.below == 0 || found.spans.empty() || found.spans.back().second < first >> kLowBits) {
    found.ended = true;
    return;
  }
  const auto [span, high] = found.spans.back();
  const std::uint64_t from = high == first >> kLowBits ? first & kLowMax : 0;
  const std::uint64_t to = high == last >> kLowBits ? last & kLowMax : kLowMax;
  found.rows.emplace(*found.match, Text{match_}, row_of(span, from), row_of(span, to));
}

void Searcher::note(Found& found, std::uint64_t offset, std::int64_t row) {
  Rows rows(time_, row);
  if (!rows.next()) {
    return database_.fail(absl::DataLossError("the index of words names a message that is gone"));
  }
  const std::int64_t time_ms = found.last_ms = rows.number(0);
  if (query_.below) {
    const std::int64_t below_ms = ms_of(query_.below->time);
    if (std::tie(time_ms, found.room.name, offset) >=
        std::tie(below_ms, query_.below->room, query_.below->offset)) {
      return;
    }
  }
  found.waiting.emplace(time_ms, offset, row);
  // No page takes more of one room.
  if (found.waiting.size() > query_.messages_max) found.waiting.erase(found.waiting.begin());
}

// Where to go on in a room: an offset whose message, and all after it, are younger than the cursor.
// Times ascend with the offsets, but for the slack, so that it is found by halving.
std::uint64_t Searcher::offsets_below_cursor(const Found& found) {
  if (found.room.name == query_.below->room && found.room.slack_ms == 0) {
    return std::min(query_.below->offset, found.room.last + 1);
  }
  const std::int64_t time_ms = sum_of_ms(ms_of(query_.below->time), found.room.slack_ms);
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

void Searcher::take(Found& found, SearchPage& page) {
  StoredMessage message;
  message.room = found.room.name;
  const auto [time_ms, offset, row] = *found.waiting.rbegin();
  message.time = time_of_ms(time_ms);
  message.offset = offset;
  found.waiting.erase(std::prev(found.waiting.end()));
  Rows rows(record_, row);
  std::uint64_t previous = 0;
  if (!rows.next() || !decode(rows.bytes(0), found.room.id, message, previous)) {
    return database_.fail(absl::DataLossError("a message of the store is damaged"));
  }
  page.messages.push_back(std::move(message));
}

}  // namespace madang::sqlite
