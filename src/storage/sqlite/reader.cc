// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/reader.h"

#include <algorithm>
#include <utility>

#include "storage/sqlite/record.h"
#include "storage/sqlite/schema.h"

namespace madang::sqlite {

Reader::Tables::Tables(Database& database)
    : rooms(database),
      messages(database),
      keys(database, "SELECT id, time, key, seal FROM keys WHERE id BETWEEN ? AND ? ORDER BY id",
           "SELECT id, time, key, seal FROM keys WHERE id BETWEEN ? AND ? ORDER BY id DESC"),
      search(database) {}

template <typename Result, typename Task>
absl::StatusOr<Result> Reader::with_snapshot(Task task) {
  if (database_ == nullptr) {
    auto database = std::make_unique<Database>();
    if (absl::Status status = open_for_reading(*database, options_); !status.ok()) return status;
    database_ = std::move(database);
    tables_ = std::make_unique<Tables>(*database_);
  }
  Result result;
  absl::Status status;
  {
    Transaction transaction(*database_, Transaction::kRead);
    task(result);
    status = transaction.commit();
  }
  if (status.ok()) return result;
  // Whatever it was, a new connection knows nothing wrong.
  tables_.reset();
  database_.reset();
  return status;
}

Continuity Reader::continuity_of(const Room& room) const {
  if (room.generation != since_.generation) return Continuity::kBroken;
  return room.term <= since_.unclean_term ? Continuity::kStored : Continuity::kComplete;
}

absl::StatusOr<StoredRoom> Reader::load(const LoadRequest& request) {
  return with_snapshot<StoredRoom>([&](StoredRoom& stored) {
    stored.first = 1;
    const std::optional<Room> room = tables_->rooms.find(request.room);
    if (!room) return;
    stored.top = room->top;
    stored.epoch = room->epoch;
    stored.first = room->first;
    stored.continuity = continuity_of(*room);
    load_messages(request, *room, stored);
    load_keys(request, *room, stored);
  });
}

void Reader::load_messages(const LoadRequest& request, const Room& room, StoredRoom& stored) {
  WalkedMessages messages(*database_, tables_->messages, room, room.top + 1, Direction::kDown);
  std::size_t bytes = 0;
  StoredMessage message;
  while (stored.messages.size() < request.messages_max && messages.next(message)) {
    bytes += message.bytes();
    // To go on beyond an older one would leave a hole.
    if (bytes > request.bytes_max || message.time < request.since) break;
    stored.messages.push_back(std::move(message));
  }
  std::reverse(stored.messages.begin(), stored.messages.end());
}

void Reader::load_keys(const LoadRequest& request, const Room& room, StoredRoom& stored) {
  if (room.empty()) return;
  WalkedRows keys(tables_->keys, room.id, room.last, room.first, Direction::kDown);
  for (std::size_t seen = 0; seen < request.keys_max && keys.next(); ++seen) {
    const std::int64_t time_ms = keys.row().number(1);
    const std::string_view key = keys.row().bytes(2);
    if (keys.row().number(3) != seal_of_key(keys.row().number(0), time_ms, key)) {
      database_->fail(absl::DataLossError("an idempotency key of the store is damaged"));
      return;
    }
    const WallTime time = time_of_ms(time_ms);
    if (time < request.keys_since) continue;  // a clock may have been set back
    stored.keys.push_back({.key = std::string(key), .offset = keys.offset(), .time = time});
  }
  std::reverse(stored.keys.begin(), stored.keys.end());
}

absl::StatusOr<StoredPage> Reader::read(const PageRequest& request) {
  return with_snapshot<StoredPage>([&](StoredPage& page) {
    page.first = 1;
    const std::optional<Room> room = tables_->rooms.find(request.room);
    if (!room) return;
    page.first = room->first;
    WalkedMessages messages(*database_, tables_->messages, *room, request.cursor,
                            request.direction);
    std::size_t bytes = 0;
    StoredMessage message;
    while (messages.next(message)) {
      bytes += message.bytes();
      const bool fits = page.messages.size() < request.messages_max && bytes <= request.bytes_max;
      if (!fits && !page.messages.empty()) break;
      page.messages.push_back(std::move(message));
      if (page.messages.size() >= request.messages_max) break;
    }
  });
}

absl::StatusOr<std::vector<RoomSummary>> Reader::rooms(const std::string& after,
                                                       std::size_t rooms_max) {
  return with_snapshot<std::vector<RoomSummary>>([&](std::vector<RoomSummary>& page) {
    for (Room& room : tables_->rooms.after(after, rooms_max)) {
      page.push_back({.room = std::move(room.name),
                      .first = room.first,
                      .top = room.top,
                      .epoch = std::move(room.epoch),
                      .oldest = time_of_ms(room.oldest_ms.value_or(0))});
    }
  });
}

absl::StatusOr<SearchPage> Reader::search(const SearchQuery& query) {
  const std::vector<SearchPhrase> phrases = search_phrases(query.text);
  if (phrases.empty()) return absl::InvalidArgumentError("no word to search for");
  if (phrases.size() > kSearchWordsMax) {
    return absl::InvalidArgumentError("too many words to search for");
  }
  if (query.rooms.size() > kSearchRoomsMax) {
    return absl::InvalidArgumentError("too many rooms to search in");
  }
  return with_snapshot<SearchPage>([&](SearchPage& page) {
    Searcher searcher(*database_, tables_->rooms, tables_->search, query, phrases);
    searcher.run(page);
  });
}

}  // namespace madang::sqlite
