// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/record.h"
#include "storage/sqlite/schema.h"
#include "storage/sqlite/writer.h"

namespace madang::sqlite {

absl::Status Writer::compare_or_fill(const MessageBatch& batch, std::size_t index,
                                     WrittenRoom& room) {
  const StoredMessage& message = batch[index];
  const std::int64_t span = tables_->rooms.find_or_make_span(room.id, message.offset >> kLowBits);
  const std::int64_t row = row_of(span, message.offset & kLowMax);
  insert_places(batch);  // it may be one of those before it in the batch

  bool there = false;
  if (message.offset >= room.first && message.offset <= room.last) {
    absl::Status status = compare(message, row, room, there);
    if (there || !database_->ok()) return status;
  }
  fill(message, row, room);
  note_change(room);
  return absl::OkStatus();
}

absl::Status Writer::compare(const StoredMessage& message, std::int64_t row, const Room& room,
                             bool& there) {
  Rows rows(tables_->message_at, row);
  there = rows.next();
  if (!there) return absl::OkStatus();
  StoredMessage stored;
  stored.room = message.room;
  stored.offset = message.offset;
  stored.time = time_of_ms(rows.number(0));
  std::uint64_t previous = 0;
  if (!decode(rows.bytes(1), room.id, stored, previous)) {
    database_->fail(absl::DataLossError("a message of the store is damaged"));
    return absl::OkStatus();
  }
  if (same_message(stored, message)) return absl::OkStatus();
  return absl::AlreadyExistsError("another message has this offset");
}

// Stores a message between others, or below or above all that are there, and lets the one after it
// name it.
void Writer::fill(const StoredMessage& message, std::int64_t row, WrittenRoom& room) {
  // Rows that are only hidden would come to light again.
  WordIndex* const words = tables_->words ? &*tables_->words : nullptr;
  if (message.offset < room.first) tables_->chores.sweep_all(room, state_, words);

  const auto before = neighbour(room, message.offset, Direction::kDown);
  const auto after = neighbour(room, message.offset, Direction::kUp);
  if (!database_->ok()) return;
  const auto time_of = [](const std::optional<StoredMessage>& message_there) {
    return message_there ? std::optional(ms_of(message_there->time)) : std::nullopt;
  };
  room.note_between(time_of(before), ms_of(message.time), time_of(after));
  if (after) {
    encode(*after, room.id, message.offset, record_);
    const std::int64_t span = tables_->rooms.find_or_make_span(room.id, after->offset >> kLowBits);
    run(*database_, tables_->replace_record, record_, row_of(span, after->offset & kLowMax));
  } else {
    room.last = message.offset;
  }
  if (!before) {
    room.first = message.offset;
    room.oldest_ms = ms_of(message.time);
  }
  Place place{.row = row, .previous = before ? before->offset : 0, .room = room.id};
  index(place, message);
  insert(place, message);
}

// The message that is next to `offset`, where there is none.
std::optional<StoredMessage> Writer::neighbour(const Room& room, std::uint64_t offset,
                                               Direction direction) {
  WalkedMessages messages(*database_, tables_->messages, room, offset, direction);
  StoredMessage message;
  if (!messages.next(message)) return std::nullopt;
  return message;
}

}  // namespace madang::sqlite
