// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace madang::sqlite {

// One connection, used by one thread at a time. The first failure of anything done on it stays
// until take_status(), and until then nothing more is done: whoever reads and writes asks once, at
// the end.
class Database {
 public:
  Database() = default;
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database();

  // `vfs` empty: SQLite's own.
  absl::Status open(const std::string& path, int flags, const std::string& vfs);

  sqlite3* handle() const { return handle_; }
  bool ok() const { return status_.ok(); }
  // Whether the disk ever refused something here. What was written since the last sync is unknown.
  bool disk_failed() const { return disk_failed_; }

  void fail(int code);
  void fail(absl::Status status);
  absl::Status take_status();

  // Runs statements that answer nothing.
  bool run(const std::string& sql);
  // The first number that `sql` answers; 0 if it fails.
  std::int64_t number(const std::string& sql);

  // How many pages the write-ahead log has, as of the last commit here.
  int log_pages() const { return log_pages_; }
  // Copies the log into the file. `mode` as of sqlite3_wal_checkpoint_v2().
  bool checkpoint(int mode);

 private:
  sqlite3* handle_ = nullptr;
  absl::Status status_;
  bool disk_failed_ = false;
  int log_pages_ = 0;
};

// Bytes that are bound as TEXT. All other bytes are a BLOB, so that nothing ever changes them.
struct Text {
  std::string_view text;
};

// One line of SQL, prepared when it is first used.
class Statement {
 public:
  Statement(Database& database, const char* sql) : database_(database), sql_(sql) {}
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  ~Statement() { sqlite3_finalize(prepared_); }

 private:
  friend class Rows;

  Database& database_;
  const char* const sql_;
  sqlite3_stmt* prepared_ = nullptr;
};

// One run of a statement, which must not be run again before this is gone. What is bound must stay
// as long.
class Rows {
 public:
  template <typename... Values>
  explicit Rows(Statement& statement, const Values&... values) : Rows(statement, kPrepare) {
    int place = 0;
    (bind(++place, values), ...);
  }
  Rows(const Rows&) = delete;
  Rows& operator=(const Rows&) = delete;
  ~Rows() {
    if (statement_ != nullptr) sqlite3_reset(statement_);
  }

  // Whether there is one more row. False too after a failure, which the database then has.
  bool next();

  std::int64_t number(int column) const { return sqlite3_column_int64(statement_, column); }
  std::optional<std::int64_t> number_or_null(int column) const {
    return is_null(column) ? std::nullopt : std::optional(number(column));
  }
  bool is_null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
  // Until the next row.
  std::string_view bytes(int column) const;

 private:
  enum Prepare { kPrepare };
  Rows(Statement& statement, Prepare);

  void bind(int place, std::int64_t value);
  void bind(int place, std::uint64_t value) { bind(place, static_cast<std::int64_t>(value)); }
  void bind(int place, std::string_view bytes);
  void bind(int place, const std::string& bytes) { bind(place, std::string_view(bytes)); }
  void bind(int place, Text text);
  void bind(int place, std::nullptr_t);
  void bind(int place, std::optional<std::int64_t> value) {
    value ? bind(place, *value) : bind(place, nullptr);
  }

  Database& database_;
  sqlite3_stmt* statement_ = nullptr;
};

template <typename... Values>
bool run(Database& database, Statement& statement, const Values&... values) {
  Rows rows(statement, values...);
  rows.next();
  return database.ok();
}

// Taken back when it goes, unless it was committed.
class Transaction {
 public:
  enum Kind { kRead, kWrite };

  Transaction(Database& database, Kind kind) : database_(database) {
    roll_back();  // what the last one could not, for want of memory
    database_.run(kind == kWrite ? "BEGIN IMMEDIATE" : "BEGIN");
  }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction() { roll_back(); }

  // The first failure since the beginning, or how the commit went.
  absl::Status commit();

 private:
  void roll_back();

  Database& database_;
};

}  // namespace madang::sqlite
