// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/writer.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "storage/sqlite/opening.h"
#include "storage/sqlite/record.h"
#include "storage/sqlite/schema.h"

namespace madang::sqlite {
namespace {

constexpr std::size_t kRoomsRememberedMax = 65'536;
// How much longer than it should be the log may get when it cannot be copied into the file.
constexpr std::int64_t kLogsMax = 8;

}  // namespace

Writer::Tables::Tables(Database& database, bool search)
    : rooms(database),
      state(database),
      times(database, "SELECT id, time FROM messages WHERE id BETWEEN ? AND ? ORDER BY id",
            "SELECT id, time FROM messages WHERE id BETWEEN ? AND ? ORDER BY id DESC"),
      messages(database),
      message_at(database, "SELECT time, record FROM messages WHERE id = ?"),
      replace_record(database, "UPDATE messages SET record = ? WHERE id = ?"),
      insert_message(database,
                     "INSERT INTO messages(id, time, record, word_row) VALUES(?, ?, ?, ?)"),
      insert_key(database, "INSERT INTO keys(id, time, key, seal) VALUES(?, ?, ?, ?)"),
      chores(database, rooms) {
  if (search) words.emplace(database);
}

absl::StatusOr<OpenResult> Writer::open() {
  if (open_) return absl::FailedPreconditionError("the store is open already");
  absl::StatusOr<State> state = open_file(options_, lock_);
  absl::Status status = state.status();
  if (status.ok()) {
    state_ = *std::move(state);
    status = connect();
  }
  if (status.ok()) status = set_up_index();
  if (!status.ok()) {
    forget(status).IgnoreError();
    tables_.reset();
    database_.reset();
    lock_.release();
    return status;
  }
  open_ = true;
  return OpenResult{.lineage = state_.lineage};
}

absl::Status Writer::connect() {
  auto database = std::make_unique<Database>();
  if (absl::Status status = open_again(*database, options_); !status.ok()) return status;
  settle(*database);
  const State state = read_state(*database);
  page_bytes_ = static_cast<int>(database->number("PRAGMA page_size"));
  if (!database->ok()) return database->take_status();
  if (state.term != state_.term || state.lineage != state_.lineage) {
    return absl::FailedPreconditionError("another writer has taken the store");
  }
  state_ = state;
  database_ = std::move(database);
  tables_ = std::make_unique<Tables>(*database_, options_.search);
  return absl::OkStatus();
}

absl::Status Writer::set_up_index() {
  // An upgrade takes the index of an earlier library away.
  const bool there = state_.indexed != State::kNoIndex && WordIndex::is_there(*database_);
  if (there == options_.search) return database_->take_status();
  Transaction transaction(*database_, Transaction::kWrite);
  State state = state_;
  if (options_.search) {
    WordIndex::drop(*database_);
    WordIndex::make(*database_);
    state.indexed = 0;
  } else {
    WordIndex::drop(*database_);
    state.indexed = State::kNoIndex;
  }
  return commit(transaction, state);
}

absl::Status Writer::ready() {
  if (!open_) return absl::FailedPreconditionError("the store is not open");
  if (database_ == nullptr) {
    if (absl::Status status = connect(); !status.ok()) return status;
  }
  int moved = 0;
  sqlite3_file_control(database_->handle(), "main", SQLITE_FCNTL_HAS_MOVED, &moved);
  if (moved != 0) return absl::FailedPreconditionError("the store's file was moved or replaced");
  const std::int64_t log_bytes = std::int64_t{database_->log_pages()} * page_bytes_;
  if (log_bytes / kLogsMax > static_cast<std::int64_t>(options_.log_bytes_max)) {
    database_->checkpoint(SQLITE_CHECKPOINT_PASSIVE);
  }
  return forget(database_->take_status());
}

absl::Status Writer::commit(Transaction& transaction, const State& state) {
  State after = state;
  ++after.mark;
  if (tables_->words) tables_->words->flush(after);
  tables_->state.update(after, state_.term);
  if (absl::Status status = transaction.commit(); !status.ok()) return status;
  state_ = std::move(after);
  lock_.write({state_.lineage, state_.mark});
  return absl::OkStatus();
}

absl::Status Writer::forget(absl::Status status) {
  if (status.ok()) return status;
  rooms_.clear();
  if (database_ == nullptr || !database_->disk_failed()) return status;
  // A sync that works after one that failed says nothing of what was written before it. A new
  // connection copies all of the log into the file, and syncs that, before it is used.
  tables_.reset();
  database_.reset();
  return status;
}

absl::StatusOr<AppendResult> Writer::append(const MessageBatch& batch) {
  if (absl::Status status = ready(); !status.ok()) return status;
  absl::StatusOr<AppendResult> result = append_now(batch);
  if (!result.ok()) return forget(result.status());
  if (!result->refused.empty()) rooms_.clear();
  return result;
}

absl::StatusOr<AppendResult> Writer::append_now(const MessageBatch& batch) {
  if (rooms_.size() > kRoomsRememberedMax) rooms_.clear();
  places_.clear();
  changed_.clear();
  Transaction transaction(*database_, Transaction::kWrite);
  AppendResult result;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    absl::Status refusal = place(batch, i);
    if (!database_->ok()) return database_->take_status();
    if (!refusal.ok()) result.refused.push_back({i, std::move(refusal)});
  }
  if (!result.refused.empty()) return result;
  // All that is in it may be there already.
  if (changed_.empty()) return result;
  insert_places(batch);
  update_rooms();
  if (absl::Status status = commit(transaction, state_); !status.ok()) return status;
  return result;
}

// Finds out where a message goes and what becomes of its room. Not ok: it is refused.
absl::Status Writer::place(const MessageBatch& batch, std::size_t index) {
  const StoredMessage& message = batch[index];
  if (absl::Status status = check_storable(message); !status.ok()) return status;
  WrittenRoom* const room = find_or_make_room(message.room);
  if (room == nullptr) return absl::OkStatus();
  if (message.offset <= room->top) return compare_or_fill(batch, index, *room);

  const std::int64_t span = span_of(*room, message.offset >> kLowBits);
  places_.push_back({.row = row_of(span, message.offset & kLowMax),
                     .index = index,
                     .previous = room->last,
                     .room = room->id});
  if (room->empty()) {
    room->first = message.offset;
    room->oldest_ms = ms_of(message.time);
  }
  if (room->top == 0 || room->epoch != message.epoch) {
    room->epoch = message.epoch;
    room->term = state_.term;
    room->generation = state_.generation;
  }
  room->note_newest(ms_of(message.time));
  room->top = room->last = message.offset;
  note_change(*room);
  return absl::OkStatus();
}

void Writer::note_change(WrittenRoom& room) {
  if (!std::exchange(room.changed, true)) changed_.push_back(&room);
}

void Writer::insert_places(const MessageBatch& batch) {
  if (tables_->words) {
    // The index takes them by time, and sorts apart what goes back.
    std::sort(places_.begin(), places_.end(), [&batch](const Place& a, const Place& b) {
      const WallTime a_time = batch[a.index].time;
      const WallTime b_time = batch[b.index].time;
      return std::tie(a_time, a.row) < std::tie(b_time, b.row);
    });
    for (Place& place : places_)
      index(place, batch[place.index]);
  }
  // Neighbours after each other: the same page is not looked for twice.
  std::sort(places_.begin(), places_.end(),
            [](const Place& a, const Place& b) { return a.row < b.row; });
  for (const Place& place : places_) {
    insert(place, batch[place.index]);
    if (!database_->ok()) break;
  }
  places_.clear();
}

void Writer::index(Place& place, const StoredMessage& message) {
  if (!tables_->words || place.row >= state_.indexed || !database_->ok()) return;
  place.word_row =
      tables_->words->add(place.row, place.room, ms_of(message.time), message.data.view());
}

void Writer::insert(const Place& place, const StoredMessage& message) {
  encode(message, place.room, place.previous, record_);
  const std::int64_t time = ms_of(message.time);
  run(*database_, tables_->insert_message, place.row, time, record_, place.word_row);
  if (!message.idempotency_key.empty()) {
    run(*database_, tables_->insert_key, place.row, time, message.idempotency_key,
        seal_of_key(place.row, time, message.idempotency_key));
  }
}

void Writer::update_rooms() {
  for (WrittenRoom* const room : changed_) {
    tables_->rooms.update(*room);
    room->changed = false;
  }
}

Writer::WrittenRoom* Writer::find_or_make_room(const std::string& name) {
  const auto found = rooms_.find(name);
  if (found != rooms_.end()) return found->second.get();
  auto room = std::make_unique<WrittenRoom>();
  if (std::optional<Room> there = tables_->rooms.find(name)) {
    static_cast<Room&>(*room) = *std::move(there);
  } else {
    room->name = name;
    tables_->rooms.insert(*room);
  }
  if (!database_->ok()) return nullptr;
  return rooms_.emplace(name, std::move(room)).first->second.get();
}

std::int64_t Writer::span_of(WrittenRoom& room, std::uint64_t high) {
  if (room.span == 0 || room.span_high != high) {
    room.span = tables_->rooms.find_or_make_span(room.id, high);
    room.span_high = high;
  }
  return room.span;
}

}  // namespace madang::sqlite
