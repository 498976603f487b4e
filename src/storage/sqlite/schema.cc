// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/schema.h"

#include <fmt/format.h>

#include <algorithm>

namespace madang::sqlite {
namespace {

constexpr int kApplicationId = 0x6d64616e;
constexpr int kVersion = 2;

// `state` has one row: see state.h. A room has messages from `first` to `last`, which is 0 if it
// has none, and lower than `top` if the newest were removed; `oldest` is the time of `first`. A
// room's rows below `first` are hidden, and if it is in `removals`, there may be such. A
// message that is in the index of words says where, in `word_row`. The seals are sums over the
// other columns.
constexpr const char* kTables = R"(
  CREATE TABLE state(
    id INTEGER PRIMARY KEY, term INTEGER NOT NULL, open_term INTEGER NOT NULL,
    unclean_term INTEGER NOT NULL, generation INTEGER NOT NULL, lineage BLOB NOT NULL,
    file BLOB NOT NULL, mark INTEGER NOT NULL, indexed INTEGER NOT NULL, seal INTEGER NOT NULL,
    spill INTEGER NOT NULL DEFAULT 0);
  CREATE TABLE rooms(
    id INTEGER PRIMARY KEY, name BLOB NOT NULL UNIQUE, epoch BLOB NOT NULL, top INTEGER NOT NULL,
    first INTEGER NOT NULL, last INTEGER NOT NULL, oldest INTEGER, newest INTEGER NOT NULL,
    slack INTEGER NOT NULL, term INTEGER NOT NULL, generation INTEGER NOT NULL,
    seal INTEGER NOT NULL);
  CREATE INDEX rooms_by_oldest ON rooms(oldest) WHERE oldest IS NOT NULL;
  CREATE TABLE spans(
    id INTEGER PRIMARY KEY, room INTEGER NOT NULL, high INTEGER NOT NULL, UNIQUE(room, high));
  CREATE TABLE messages(
    id INTEGER PRIMARY KEY, time INTEGER NOT NULL, record BLOB NOT NULL, word_row INTEGER);
  CREATE TABLE keys(
    id INTEGER PRIMARY KEY, time INTEGER NOT NULL, key BLOB NOT NULL, seal INTEGER NOT NULL);
  CREATE TABLE removals(room INTEGER PRIMARY KEY);
)";

absl::Status not_ours(std::int64_t application, std::int64_t version) {
  if (application != kApplicationId) {
    return absl::FailedPreconditionError("the file is a database, but no store of madang");
  }
  return absl::FailedPreconditionError(fmt::format(
      "the store has schema {}, this library knows up to {}: use a newer one", version, kVersion));
}

bool set_up(Database& database, std::size_t cache_bytes) {
  return database.run(
      fmt::format("PRAGMA cache_size = -{}; PRAGMA cell_size_check = ON;"
                  "PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY;"
                  // A mapped file that is cut short would end the process.
                  "PRAGMA mmap_size = 0",
                  std::max<std::size_t>(cache_bytes / 1024, 1)));
}

bool set_up_writer(Database& database, const SqliteOptions& options) {
  set_up(database, options.writer_cache_bytes);
  database.run("PRAGMA synchronous = FULL");
  database.run(fmt::format("PRAGMA journal_size_limit = {}", options.log_bytes_max));
  Statement journal(database, "PRAGMA journal_mode = WAL");
  Rows rows(journal);
  if (rows.next() && rows.bytes(0) != "wal") {
    database.fail(
        absl::FailedPreconditionError("the store's file system takes no write-ahead log"));
  }
  return database.ok();
}

}  // namespace

absl::StatusOr<Tables> open_schema(Database& database, const SqliteOptions& options) {
  constexpr int kFlags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  if (absl::Status status = database.open(options.path, kFlags, options.vfs); !status.ok()) {
    return status;
  }
  // Until we know that the file is ours not even its log may be copied into it.
  sqlite3_db_config(database.handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  const std::int64_t application = database.number("PRAGMA application_id");
  const std::int64_t version = database.number("PRAGMA user_version");
  const bool empty = database.number("SELECT count(*) FROM sqlite_schema") == 0;
  if (!database.ok()) return database.take_status();
  const bool fresh = empty && application == 0 && version == 0;
  if (!fresh && (application != kApplicationId || version > kVersion)) {
    return not_ours(application, version);
  }
  if (!fresh && (version < 1 || empty)) return absl::DataLossError("the store has lost its schema");
  sqlite3_db_config(database.handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, nullptr);

  if (fresh) database.run(fmt::format("PRAGMA page_size = {}", options.page_bytes));
  set_up_writer(database, options);
  if (!database.ok()) return database.take_status();
  if (fresh) return Tables::kNone;
  return version < kVersion ? Tables::kOld : Tables::kPresent;
}

void make_tables(Database& database) {
  database.run(kTables);
  database.run(fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}", kApplicationId,
                           kVersion));
}

void upgrade_tables(Database& database) {
  database.run("ALTER TABLE messages ADD COLUMN word_row INTEGER");
  database.run("ALTER TABLE state ADD COLUMN spill INTEGER NOT NULL DEFAULT 0");
  database.run("DROP TABLE IF EXISTS words");
  database.run(fmt::format("PRAGMA user_version = {}", kVersion));
}

absl::Status open_again(Database& database, const SqliteOptions& options) {
  absl::Status status = database.open(options.path, SQLITE_OPEN_READWRITE, options.vfs);
  if (!status.ok()) return status;
  set_up_writer(database, options);
  return database.take_status();
}

absl::Status open_for_reading(Database& database, const SqliteOptions& options) {
  absl::Status status = database.open(options.path, SQLITE_OPEN_READONLY, options.vfs);
  if (!status.ok()) return status;
  set_up(database, options.reader_cache_bytes);
  return database.take_status();
}

}  // namespace madang::sqlite
