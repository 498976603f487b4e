// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "storage/sqlite/database.h"
#include "storage/sqlite/record.h"
#include "storage/sqlite/rooms.h"

namespace madang::sqlite {

// The statements that go through the rows of one room, through its spans one after the other.
class RowWalk {
 public:
  RowWalk(Database& database, const char* rows_up, const char* rows_down);

 private:
  friend class WalkedRows;

  Statement spans_up_;
  Statement spans_down_;
  Statement rows_up_;
  Statement rows_down_;
};

// Goes through the rows of a room with offsets from `from` to `to`, both included, in the order of
// `direction`. The table's first column is the row's number.
class WalkedRows {
 public:
  WalkedRows(RowWalk& walk, std::int64_t room, std::uint64_t from, std::uint64_t to,
             Direction direction);

  bool next();
  std::uint64_t offset() const;
  const Rows& row() const { return *rows_; }

 private:
  RowWalk& walk_;
  const std::uint64_t low_;   // the least offset
  const std::uint64_t high_;  // the largest
  const bool up_;
  Rows spans_;
  std::optional<Rows> rows_;
  std::uint64_t span_high_ = 0;
};

// The statements that read messages.
class MessageWalk : public RowWalk {
 public:
  explicit MessageWalk(Database& database);
};

// Goes through messages and sees to it that none is missing: each names the one before it, the
// oldest is the room's `first`, the newest its `last`. Fails the database with DataLoss.
class WalkedMessages {
 public:
  // Starts next to `cursor`, which is not included.
  WalkedMessages(Database& database, MessageWalk& walk, const Room& room, std::uint64_t cursor,
                 Direction direction);

  // The next message, whole; nothing at the end, and after a failure.
  bool next(StoredMessage& message);

 private:
  bool take(StoredMessage& message);
  bool follows(const StoredMessage& message, std::uint64_t previous);
  bool damaged();

  Database& database_;
  const Room& room_;
  const std::uint64_t cursor_;
  const bool up_;
  WalkedRows rows_;
  // What must come next; 0: that is not known.
  std::uint64_t expected_ = 0;
  std::uint64_t last_ = 0;
  bool begun_ = false;
};

}  // namespace madang::sqlite
