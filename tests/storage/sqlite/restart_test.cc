// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <sqlite3.h>

#include <fstream>
#include <iterator>

#include "storage/sqlite/workload.h"

namespace madang {
namespace {

using conformance::messages;
using conformance::same_messages;

std::string content_of(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

TEST_CASE("restart: everything of a message comes back, after close() and without it") {
  const StoreFolder folder;
  Workload workload;
  for (const bool closes : {true, false, true}) {
    WaitingStore store(folder.options());
    REQUIRE(store.open().ok());
    CHECK(workload.run(store).ok());
    workload.check(store);
    const auto room = store.load("first");
    CHECK(room->keys.size() == room->messages.size());
    if (closes) CHECK(store.close().ok());
  }
}

TEST_CASE("restart: after close() the file alone is the store") {
  const StoreFolder folder;
  WaitingStore store(folder.options());
  REQUIRE(store.open().ok());
  CHECK(stored(store.append(messages("room", 1, 5))));
  CHECK(store.load("room")->top == 5);
  CHECK(store.close().ok());
  CHECK(fs::exists(folder.path()));
  CHECK(!fs::exists(folder.path("store.db-wal")));
  CHECK(!fs::exists(folder.path("store.db-shm")));
}

TEST_CASE("one writer: a second one in the same process is refused at once") {
  const StoreFolder folder;
  WaitingStore first(folder.options());
  REQUIRE(first.open().ok());
  WaitingStore second(folder.options());
  CHECK(absl::IsFailedPrecondition(second.open().status()));
  CHECK(first.close().ok());
  CHECK(second.open().ok());
}

TEST_CASE("schema: a newer one is refused and nothing is touched") {
  const StoreFolder folder;
  {
    WaitingStore store(folder.options());
    REQUIRE(store.open().ok());
    CHECK(store.close().ok());
  }
  folder.run_sql("PRAGMA user_version = 3");
  const std::string before = content_of(folder.path());
  WaitingStore store(folder.options());
  const auto opened = store.open();
  CHECK(absl::IsFailedPrecondition(opened.status()));
  CHECK(opened.status().message().find("newer") != std::string_view::npos);
  CHECK(content_of(folder.path()) == before);
  folder.run_sql("PRAGMA user_version = 2");
  CHECK(store.open().ok());
}

TEST_CASE("schema: the first one is made into this one, and its messages are found again") {
  const StoreFolder folder;
  SqliteOptions options = folder.options();
  options.search = true;
  {
    WaitingStore store(options);
    REQUIRE(store.open().ok());
    CHECK(stored(store.append(messages("room", 1, 5))));
    CHECK(store.close().ok());
  }
  folder.run_sql(
      "DROP TABLE words; DROP TABLE word_rows; DROP TABLE word_windows;"
      "ALTER TABLE messages DROP COLUMN word_row; ALTER TABLE state DROP COLUMN spill;"
      "CREATE VIRTUAL TABLE words USING"
      " fts5(text, content = '', columnsize = 0, detail = full, tokenize = 'ascii');"
      "INSERT INTO words(rowid, text) VALUES(4294967297, 'message 1');"
      "PRAGMA user_version = 1");
  WaitingStore store(options);
  const auto opened = store.open();
  REQUIRE_MESSAGE(opened.ok(), opened.status().ToString());
  CHECK(same_messages(store.load("room")->messages, messages("room", 1, 5)));
  CHECK(stored(store.append(messages("room", 6, 6))));
  const auto count = [&] {
    return store.search({.text = "message", .rooms = {"room"}})->messages.size();
  };
  for (int tries = 0; tries < 1000 && count() < 6; ++tries)
    CHECK(store.remove("nobody", 1).ok());  // lets a step be done
  CHECK(count() == 6);
}

TEST_CASE("schema: a database of somebody else is refused and nothing is touched") {
  const StoreFolder folder;
  folder.run_sql("CREATE TABLE theirs(a)");
  const std::string before = content_of(folder.path());
  WaitingStore store(folder.options());
  CHECK(absl::IsFailedPrecondition(store.open().status()));
  CHECK(content_of(folder.path()) == before);
}

TEST_CASE("path: one that cannot be is refused for good") {
  const StoreFolder folder;
  for (const std::string& path : {folder.path("no/such/store.db"), std::string("/proc/none.db")}) {
    WaitingStore store({.path = path});
    CHECK(absl::IsFailedPrecondition(store.open().status()));
  }
}

TEST_CASE("path: a file that goes away while it is open is noticed before more is written") {
  const StoreFolder folder;
  WaitingStore store(folder.options());
  REQUIRE(store.open().ok());
  CHECK(stored(store.append(messages("room", 1, 5))));
  fs::rename(folder.path(), folder.path("elsewhere"));
  CHECK(absl::IsFailedPrecondition(store.append(messages("room", 6, 7)).status()));
  fs::rename(folder.path("elsewhere"), folder.path());
  CHECK(stored(store.append(messages("room", 6, 7))));
}

TEST_CASE("names: any bytes are a name, and none is taken for SQL or for another") {
  const StoreFolder folder;
  const std::vector<std::string> names = {"'; DROP TABLE messages; --",
                                          "%",
                                          "_",
                                          "*",
                                          "a",
                                          "A",
                                          std::string("a\0", 2),
                                          "\xff\xfe",
                                          "?1",
                                          std::string(255, 'x'),
                                          "\xED\x95\x9C",
                                          "NULL",
                                          "1",
                                          "01"};
  for (int round = 0; round < 2; ++round) {
    WaitingStore store(folder.options());
    REQUIRE(store.open().ok());
    for (std::size_t i = 0; i < names.size(); ++i)
      CHECK(stored(store.append(messages(names[i], 1, i + 1))));
    for (std::size_t i = 0; i < names.size(); ++i)
      CHECK(store.load(names[i])->top == i + 1);
    CHECK(store.load("x")->top == 0);
    CHECK(store.load(std::string("' OR 1=1"))->top == 0);
    CHECK(store.close().ok());
  }
}

TEST_CASE("removal: what is hidden leaves the file, a little at a time") {
  const StoreFolder folder;
  WaitingStore store(folder.options());
  REQUIRE(store.open().ok());
  CHECK(stored(store.append(messages("room", 1, 9000))));
  CHECK(store.remove("room", 8000).ok());
  CHECK(store.load("room")->first == 8001);
  CHECK(store.load("room")->messages.size() == 1000);
  // A fill below what was removed shows nothing that was hidden.
  CHECK(stored(store.append(messages("room", 5, 5))));
  CHECK(store.load("room")->first == 5);
  CHECK(store.load("room")->messages.size() == 1001);
  CHECK(store.close().ok());
  sqlite3* database = nullptr;
  REQUIRE(sqlite3_open(folder.path().c_str(), &database) == SQLITE_OK);
  int rows = 0;
  const auto count = [](void* to, int, char** values, char**) {
    *static_cast<int*>(to) = std::stoi(values[0]);
    return 0;
  };
  sqlite3_exec(database, "SELECT count(*) FROM messages", count, &rows, nullptr);
  sqlite3_close(database);
  CHECK(rows == 1001);
}

}  // namespace
}  // namespace madang
