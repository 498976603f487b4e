// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/message_rows.h"

#include <algorithm>
#include <utility>

#include "storage/sqlite/schema.h"

namespace madang::sqlite {
namespace {

// Where to begin: with the message at the cursor, if it is there, because it tells its neighbour.
std::uint64_t begin_of(const Room& room, std::uint64_t cursor, Direction direction) {
  return direction == Direction::kUp ? std::max(cursor, room.first) : std::min(cursor, room.last);
}

}  // namespace

RowWalk::RowWalk(Database& database, const char* rows_up, const char* rows_down)
    : spans_up_(database,
                "SELECT id, high FROM spans WHERE room = ? AND high BETWEEN ? AND ? ORDER BY high"),
      spans_down_(database,
                  "SELECT id, high FROM spans WHERE room = ? AND high BETWEEN ? AND ?"
                  " ORDER BY high DESC"),
      rows_up_(database, rows_up),
      rows_down_(database, rows_down) {}

WalkedRows::WalkedRows(RowWalk& walk, std::int64_t room, std::uint64_t from, std::uint64_t to,
                       Direction direction)
    : walk_(walk),
      low_(direction == Direction::kUp ? from : to),
      high_(direction == Direction::kUp ? to : from),
      up_(direction == Direction::kUp),
      spans_(up_ ? walk.spans_up_ : walk.spans_down_, room, low_ >> kLowBits, high_ >> kLowBits) {}

bool WalkedRows::next() {
  for (;;) {
    if (rows_ && rows_->next()) return true;
    rows_.reset();  // before its statement is run again
    if (low_ > high_ || !spans_.next()) return false;
    const std::int64_t span = spans_.number(0);
    span_high_ = static_cast<std::uint64_t>(spans_.number(1));
    const std::uint64_t low = span_high_ == low_ >> kLowBits ? low_ & kLowMax : 0;
    const std::uint64_t high = span_high_ == high_ >> kLowBits ? high_ & kLowMax : kLowMax;
    rows_.emplace(up_ ? walk_.rows_up_ : walk_.rows_down_, row_of(span, low), row_of(span, high));
  }
}

std::uint64_t WalkedRows::offset() const {
  return span_high_ << kLowBits | (static_cast<std::uint64_t>(rows_->number(0)) & kLowMax);
}

MessageWalk::MessageWalk(Database& database)
    : RowWalk(database,
              "SELECT id, time, record FROM messages WHERE id BETWEEN ? AND ? ORDER BY id",
              "SELECT id, time, record FROM messages WHERE id BETWEEN ? AND ? ORDER BY id DESC") {}

WalkedMessages::WalkedMessages(Database& database, MessageWalk& walk, const Room& room,
                               std::uint64_t cursor, Direction direction)
    : database_(database),
      room_(room),
      cursor_(cursor),
      up_(direction == Direction::kUp),
      rows_(walk, room.id, begin_of(room, cursor, direction), up_ ? room.last : room.first,
            direction) {
  if (room.empty()) return;
  if (up_ && cursor <= room.first) expected_ = room.first;
  if (!up_ && cursor >= room.last) expected_ = room.last;
}

bool WalkedMessages::next(StoredMessage& message) {
  if (room_.empty()) return false;
  do {
    if (!take(message)) return false;
  } while (message.offset == cursor_);
  return true;
}

bool WalkedMessages::take(StoredMessage& message) {
  if (!rows_.next()) {
    if (!database_.ok()) return false;
    // Nothing is left beyond `first` and `last`, and nothing else may be missing.
    const std::uint64_t end = up_ ? room_.last : room_.first;
    const bool beyond = !begun_ && (up_ ? cursor_ >= room_.last : cursor_ <= room_.first);
    return beyond || (begun_ && last_ == end) ? false : damaged();
  }
  message = StoredMessage();
  message.room = room_.name;
  message.offset = rows_.offset();
  message.time = time_of_ms(rows_.row().number(1));
  std::uint64_t previous = 0;
  const bool whole = decode(rows_.row().bytes(2), room_.id, message, previous);
  if (!whole || !follows(message, previous)) return damaged();
  begun_ = true;
  last_ = message.offset;
  return true;
}

bool WalkedMessages::follows(const StoredMessage& message, std::uint64_t previous) {
  const bool is_first = message.offset == room_.first;
  if (expected_ != 0 && message.offset != expected_) return false;
  if (up_) {
    expected_ = 0;  // only the next one knows
    return begun_ ? previous == last_
                  : is_first || previous <= cursor_ || cursor_ == message.offset;
  }
  expected_ = is_first ? 0 : previous;
  return is_first || (previous >= room_.first && previous < message.offset);
}

bool WalkedMessages::damaged() {
  database_.fail(absl::DataLossError("a message of the store is damaged or missing"));
  return false;
}

}  // namespace madang::sqlite
