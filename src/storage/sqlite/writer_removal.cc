// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "storage/sqlite/record.h"
#include "storage/sqlite/writer.h"

namespace madang::sqlite {

absl::Status Writer::remove(const std::string& room, std::uint64_t offset) {
  if (absl::Status status = ready(); !status.ok()) return status;
  return forget(remove_now(room, offset));
}

absl::Status Writer::remove_now(const std::string& name, std::uint64_t offset) {
  Transaction transaction(*database_, Transaction::kWrite);
  std::optional<Room> room = tables_->rooms.find(name);
  if (!room || offset < room->first || room->empty()) return database_->take_status();
  hide_while(*room, offset + 1, [](std::int64_t) { return false; });
  return commit(transaction, state_);
}

absl::StatusOr<std::size_t> Writer::expire(WallTime before, std::size_t messages_max) {
  if (absl::Status status = ready(); !status.ok()) return status;
  absl::StatusOr<std::size_t> count = expire_now(before, messages_max);
  if (!count.ok()) return forget(count.status());
  return count;
}

absl::StatusOr<std::size_t> Writer::expire_now(WallTime before, std::size_t messages_max) {
  Transaction transaction(*database_, Transaction::kWrite);
  std::size_t count = 0;
  while (count < messages_max) {
    std::optional<Room> room = tables_->rooms.oldest(ms_of(before));
    if (!room) break;
    hide_while(*room, room->first, [&](std::int64_t time_ms) {
      if (count >= messages_max || time_ms >= ms_of(before)) return false;
      ++count;
      return true;
    });
  }
  if (!database_->ok()) return database_->take_status();
  if (count == 0) return count;
  if (absl::Status status = commit(transaction, state_); !status.ok()) return status;
  return count;
}

void Writer::hide_while(Room& room, std::uint64_t from, absl::FunctionRef<bool(std::int64_t)> old) {
  const std::uint64_t last = std::exchange(room.last, 0);
  room.first = room.top + 1;
  room.oldest_ms.reset();
  {
    WalkedRows rows(tables_->times, room.id, from, last, Direction::kUp);
    while (rows.next()) {
      const std::int64_t time_ms = rows.row().number(1);
      if (old(time_ms)) continue;
      room.first = rows.offset();
      room.last = last;
      room.oldest_ms = time_ms;
      break;
    }
  }
  tables_->rooms.update(room);
  tables_->chores.note_removal(room.id);
  work_left_ = true;
  rooms_.erase(room.name);
}

absl::Status Writer::note_close() {
  Transaction transaction(*database_, Transaction::kWrite);
  State state = state_;
  state.open_term = 0;
  return commit(transaction, state);
}

absl::Status Writer::close() {
  if (absl::Status status = ready(); !status.ok()) return status;
  if (absl::Status status = note_close(); !status.ok()) return forget(std::move(status));
  tables_.reset();
  // The last connection takes the log into the file. Where it can not, as on a full disk, the log
  // stays beside the file and is read by the next open().
  database_.reset();
  lock_.release();
  open_ = false;
  return absl::OkStatus();
}

bool Writer::do_chore() {
  if (!open_ || database_ == nullptr) return false;
  if (std::int64_t{database_->log_pages()} * page_bytes_ >
      static_cast<std::int64_t>(options_.log_bytes_max)) {
    database_->checkpoint(SQLITE_CHECKPOINT_PASSIVE);
    if (!forget(database_->take_status()).ok()) return false;
  }
  if (!work_left_) return false;
  absl::StatusOr<bool> done = do_step(&Chores::sweep);
  if (done.ok() && !*done) done = do_step(&Chores::index);
  // What failed is tried again after the next write.
  if (!done.ok()) {
    forget(done.status()).IgnoreError();
    return false;
  }
  work_left_ = *done;
  return work_left_;
}

absl::StatusOr<bool> Writer::do_step(bool (Chores::*step)(State&, WordIndex*)) {
  Transaction transaction(*database_, Transaction::kWrite);
  State state = state_;
  if (!(tables_->chores.*step)(state, tables_->words ? &*tables_->words : nullptr)) {
    absl::Status status = database_->take_status();
    if (!status.ok()) return status;
    return false;
  }
  if (absl::Status status = commit(transaction, state); !status.ok()) return status;
  return true;
}

}  // namespace madang::sqlite
