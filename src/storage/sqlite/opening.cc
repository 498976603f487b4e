// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/opening.h"

#include <fmt/format.h>

#include <filesystem>
#include <system_error>
#include <utility>

#include "madang/base/random.h"
#include "storage/sqlite/rooms.h"
#include "storage/sqlite/schema.h"

namespace madang::sqlite {
namespace {

namespace fs = std::filesystem;

// Up to so many rooms all of them are looked at; that takes a second or two.
constexpr std::int64_t kRoomsLookedAtMax = 100'000;
constexpr int kFilesAsideMax = 1000;

std::string new_lineage() {
  SystemRandom random;
  const std::uint64_t high = random.next();
  return fmt::format("{:016x}{:016x}", high, random.next());
}

// A file that was cut short would be noticed only where it is read.
void check_size(Database& database, const std::string& path) {
  const std::int64_t bytes =
      database.number("PRAGMA page_count") * database.number("PRAGMA page_size");
  std::error_code error;
  const auto size = fs::file_size(path, error);
  if (database.ok() && !error && size < static_cast<std::uintmax_t>(bytes)) {
    database.fail(absl::DataLossError(
        fmt::format("the store has {} bytes, and should have {}", size, bytes)));
  }
}

void check_table(Database& database, const char* table) {
  const std::string sql = fmt::format("PRAGMA integrity_check({})", table);
  Statement check(database, sql.c_str());
  Rows rows(check);
  if (rows.next() && rows.bytes(0) != "ok") {
    database.fail(absl::DataLossError(fmt::format("the store is damaged: {}", rows.bytes(0))));
  }
}

// Messages are too many to look at now; they are checked when they are read.
void check_rooms(Database& database) {
  if (database.number("SELECT coalesce(max(id), 0) FROM rooms") > kRoomsLookedAtMax) return;
  for (const char* const table : {"state", "rooms", "spans", "removals"})
    check_table(database, table);
  RoomTable rooms(database);
  std::string last;
  for (;;) {
    const auto page = rooms.after(last, 1000);
    if (page.empty() || !database.ok()) return;
    last = page.back().name;
  }
}

// Whether the store is not the one that `known` was noted of, or has not all that it had then.
bool went_back(const State& state, const std::optional<Mark>& known, const std::string& file) {
  if (state.file != file) return true;
  return known && (known->lineage != state.lineage || known->commits > state.mark);
}

void begin_term(State& state) {
  if (state.open_term != 0) state.unclean_term = state.open_term;
  state.open_term = ++state.term;
  ++state.mark;
}

absl::Status check_empty(const std::string& path, const LockFile& lock) {
  std::error_code error;
  const auto size = fs::file_size(path, error);
  if (!error && size == 0 && lock.read()) {
    return absl::DataLossError("the store was cut short: it is empty, and was not");
  }
  return absl::OkStatus();
}

absl::StatusOr<State> open_undamaged(const SqliteOptions& options, LockFile& lock) {
  if (absl::Status status = check_empty(options.path, lock); !status.ok()) return status;
  Database database;
  const absl::StatusOr<Tables> tables = open_schema(database, options);
  if (!tables.ok()) return tables.status();
  const bool fresh = *tables == Tables::kNone;
  settle(database);
  check_size(database, options.path);
  if (*tables == Tables::kOld) {
    Transaction transaction(database, Transaction::kWrite);
    upgrade_tables(database);
    if (absl::Status status = transaction.commit(); !status.ok()) return status;
  }

  State state;
  const std::string file = identity_of_file(options.path);
  const std::int64_t term_before =
      fresh || !database.ok() ? 0 : (state = read_state(database)).term;
  if (!fresh) check_rooms(database);
  if (!database.ok()) return database.take_status();
  if (fresh || went_back(state, lock.read(), file)) {
    state.lineage = new_lineage();
    state.file = file;
    ++state.generation;
  }
  begin_term(state);

  Transaction transaction(database, Transaction::kWrite);
  if (fresh) {
    make_tables(database);
    insert_state(database, state);
  } else {
    StateRow(database).update(state, term_before);
  }
  if (absl::Status status = transaction.commit(); !status.ok()) return status;
  absl::Status status = lock.write_and_sync({state.lineage, state.mark});
  if (!status.ok()) return status;
  return state;
}

// Renames the damaged file and its log to names that are free.
absl::Status set_aside(const std::string& path) {
  std::error_code error;
  for (int number = 1; number <= kFilesAsideMax; ++number) {
    const std::string aside = fmt::format("{}.corrupt-{}", path, number);
    if (fs::exists(fs::symlink_status(aside, error))) continue;
    // The log first: it must never be taken for that of the new file.
    for (const char* const part : {"-wal", ""}) {
      fs::rename(path + part, aside + part, error);
      if (error && error != std::errc::no_such_file_or_directory) {
        return absl::UnavailableError(
            fmt::format("a damaged store cannot be set aside: {}", error.message()));
      }
    }
    fs::remove(path + "-shm", error);  // made anew from the log
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError("too many damaged stores were set aside");
}

}  // namespace

void settle(Database& database) { database.checkpoint(SQLITE_CHECKPOINT_TRUNCATE); }

absl::StatusOr<State> open_file(const SqliteOptions& options, LockFile& lock) {
  if (absl::Status status = lock.take(options.path + ".lock"); !status.ok()) return status;
  absl::StatusOr<State> state = open_undamaged(options, lock);
  if (!options.set_damaged_aside || !absl::IsDataLoss(state.status())) return state;
  if (absl::Status status = set_aside(options.path); !status.ok()) return status;
  return open_undamaged(options, lock);
}

}  // namespace madang::sqlite
