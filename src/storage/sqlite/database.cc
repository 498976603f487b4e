// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/database.h"

#include <fmt/format.h>

#include <memory>

namespace madang::sqlite {
namespace {

// How long to wait for somebody else who holds the file, say a backup.
constexpr int kBusyTimeoutMs = 5000;

absl::Status status_of(int code, std::string_view message) {
  const std::string text = fmt::format("SQLite: {} ({})", message, code);
  if (code == SQLITE_IOERR_CORRUPTFS) return absl::DataLossError(text);
  if (code == SQLITE_IOERR_NOMEM) return absl::ResourceExhaustedError(text);
  switch (code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_CONSTRAINT:  // We ask before we insert: a row is where none can be.
      return absl::DataLossError(text);
    case SQLITE_FULL:
    case SQLITE_NOMEM:
      return absl::ResourceExhaustedError(text);
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return absl::FailedPreconditionError(text);
    case SQLITE_TOOBIG:
      return absl::InvalidArgumentError(text);
    case SQLITE_ERROR:  // A table or column that is not there: not what we made.
      return absl::DataLossError(text);
    default:
      return absl::UnavailableError(text);
  }
}

}  // namespace

Database::~Database() { sqlite3_close(handle_); }

absl::Status Database::open(const std::string& path, int flags, const std::string& vfs) {
  const int code =
      sqlite3_open_v2(path.c_str(), &handle_, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
                      vfs.empty() ? nullptr : vfs.c_str());
  if (code != SQLITE_OK) {
    fail(code);
    return take_status();
  }
  sqlite3_busy_timeout(handle_, kBusyTimeoutMs);
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  const auto note_pages = [](void* self, sqlite3*, const char*, int pages) {
    static_cast<Database*>(self)->log_pages_ = pages;
    return SQLITE_OK;
  };
  sqlite3_wal_hook(handle_, note_pages, this);  // and with it no checkpoint but ours
  return absl::OkStatus();
}

void Database::fail(int code) {
  if ((code & 0xff) == SQLITE_IOERR) disk_failed_ = true;
  fail(status_of(code, handle_ == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(handle_)));
}

void Database::fail(absl::Status status) {
  if (status_.ok()) status_ = std::move(status);
}

absl::Status Database::take_status() { return std::exchange(status_, absl::OkStatus()); }

bool Database::run(const std::string& sql) {
  if (!ok()) return false;
  const int code = sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) fail(code);
  return ok();
}

std::int64_t Database::number(const std::string& sql) {
  Statement statement(*this, sql.c_str());
  Rows rows(statement);
  return rows.next() ? rows.number(0) : 0;
}

bool Database::checkpoint(int mode) {
  if (!ok()) return false;
  int left = 0;
  const int code = sqlite3_wal_checkpoint_v2(handle_, nullptr, mode, &left, nullptr);
  if (code != SQLITE_OK) {
    fail(code);
    return false;
  }
  if (mode == SQLITE_CHECKPOINT_TRUNCATE) log_pages_ = 0;
  return true;
}

Rows::Rows(Statement& statement, Prepare) : database_(statement.database_) {
  if (!database_.ok()) return;
  if (statement.prepared_ == nullptr) {
    const int code = sqlite3_prepare_v3(database_.handle(), statement.sql_, -1,
                                        SQLITE_PREPARE_PERSISTENT, &statement.prepared_, nullptr);
    if (code != SQLITE_OK) {
      database_.fail(code);
      return;
    }
  }
  statement_ = statement.prepared_;
}

bool Rows::next() {
  if (statement_ == nullptr || !database_.ok()) return false;
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) database_.fail(code);
  return false;
}

std::string_view Rows::bytes(int column) const {
  // In this order: the size is that of what the first call made.
  const void* const data = sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  if (data == nullptr && sqlite3_errcode(database_.handle()) == SQLITE_NOMEM) {
    database_.fail(SQLITE_NOMEM);
  }
  return {static_cast<const char*>(data), data == nullptr ? 0 : static_cast<std::size_t>(size)};
}

void Rows::bind(int place, std::int64_t value) {
  if (statement_ == nullptr) return;
  const int code = sqlite3_bind_int64(statement_, place, value);
  if (code != SQLITE_OK) database_.fail(code);
}

void Rows::bind(int place, std::string_view bytes) {
  if (statement_ == nullptr) return;
  // Without an address they would be NULL.
  const char* const data = bytes.data() == nullptr ? "" : bytes.data();
  const int code = sqlite3_bind_blob64(statement_, place, data, bytes.size(), SQLITE_STATIC);
  if (code != SQLITE_OK) database_.fail(code);
}

void Rows::bind(int place, Text text) {
  if (statement_ == nullptr) return;
  const char* const data = text.text.data() == nullptr ? "" : text.text.data();
  const int code =
      sqlite3_bind_text64(statement_, place, data, text.text.size(), SQLITE_STATIC, SQLITE_UTF8);
  if (code != SQLITE_OK) database_.fail(code);
}

void Rows::bind(int place, std::nullptr_t) {
  if (statement_ == nullptr) return;
  const int code = sqlite3_bind_null(statement_, place);
  if (code != SQLITE_OK) database_.fail(code);
}

absl::Status Transaction::commit() {
  database_.run("COMMIT");
  roll_back();
  return database_.take_status();
}

void Transaction::roll_back() {
  // SQLite has done so itself after some failures. There may be one that stays to be taken.
  if (sqlite3_get_autocommit(database_.handle()) != 0) return;
  const int code = sqlite3_exec(database_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) database_.fail(code);
}

}  // namespace madang::sqlite
