// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <doctest/doctest.h>
#include <sqlite3.h>
#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "madang/storage/message_retention.h"
#include "madang/storage/message_search.h"
#include "madang/storage/sqlite/sqlite_store.h"
#include "madang/testing/message_store/messages.h"
#include "madang/testing/message_store/trial.h"

namespace madang {

namespace fs = std::filesystem;

// A folder of its own for each test, gone with it.
class StoreFolder {
 public:
  // In memory, for tests that play the disk themselves, or do not need one.
  enum Where { kOnDisk, kInMemory };

  explicit StoreFolder(Where where = kOnDisk) {
    const fs::path memory = "/dev/shm";
    const bool has_memory = where == kInMemory && fs::is_directory(memory);
    const fs::path parent = has_memory ? memory : fs::temp_directory_path();
    std::string name = (parent / "madang-sqlite-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    folder_ = name;
  }
  StoreFolder(const StoreFolder&) = delete;
  StoreFolder& operator=(const StoreFolder&) = delete;
  ~StoreFolder() {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }

  std::string path(const std::string& name = "store.db") const { return (folder_ / name).string(); }

  // On the store, which must be closed.
  void run_sql(const char* sql) const {
    sqlite3* database = nullptr;
    REQUIRE(sqlite3_open(path().c_str(), &database) == SQLITE_OK);
    CHECK(sqlite3_exec(database, sql, nullptr, nullptr, nullptr) == SQLITE_OK);
    sqlite3_close(database);
  }

  SqliteOptions options() const { return {.path = path(), .readers = 1}; }

 private:
  fs::path folder_;
};

// A store whose calls wait for their answer.
class WaitingStore {
 public:
  explicit WaitingStore(SqliteOptions options) : store_(make_sqlite_store(std::move(options))) {}

  absl::StatusOr<OpenResult> open() {
    return wait<OpenResult>([&](auto done) { store_->open(std::move(done)); });
  }
  absl::Status close() {
    return wait<void>([&](auto done) { store_->close(std::move(done)); });
  }
  absl::StatusOr<AppendResult> append(MessageBatch batch) {
    return wait<AppendResult>(
        [&](auto done) { store_->append(std::move(batch), std::move(done)); });
  }
  absl::StatusOr<StoredRoom> load(LoadRequest request) {
    return wait<StoredRoom>([&](auto done) { store_->load(std::move(request), std::move(done)); });
  }
  absl::StatusOr<StoredRoom> load(const std::string& room) {
    return load(conformance::all_of(room));
  }
  absl::StatusOr<StoredPage> read(PageRequest request) {
    return wait<StoredPage>([&](auto done) { store_->read(std::move(request), std::move(done)); });
  }
  absl::Status remove(std::string room, std::uint64_t offset) {
    return wait<void>([&](auto done) { store_->remove(std::move(room), offset, std::move(done)); });
  }
  absl::StatusOr<SearchPage> search(SearchQuery query) {
    REQUIRE(store_->search() != nullptr);
    return wait<SearchPage>(
        [&](auto done) { store_->search()->search(std::move(query), std::move(done)); });
  }
  absl::StatusOr<std::size_t> expire(WallTime before, std::size_t messages_max) {
    return wait<std::size_t>(
        [&](auto done) { store_->retention()->expire(before, messages_max, std::move(done)); });
  }

  MessageStore& get() { return *store_; }

 private:
  template <typename Result, typename Call>
  static typename Awaited<Result>::Answer wait(const Call& call) {
    Awaited<Result> awaited;
    call(awaited.callback());
    return awaited.wait(std::chrono::seconds(60));
  }

  std::unique_ptr<MessageStore> store_;
};

// What becomes of a batch that all is well with.
inline bool stored(const absl::StatusOr<AppendResult>& result) {
  return result.ok() && result->refused.empty();
}

}  // namespace madang
