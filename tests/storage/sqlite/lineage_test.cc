// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "storage/sqlite/store_folder.h"

namespace madang {
namespace {

using conformance::messages;

// Opens the store, appends to a room, and closes it if it is to end well. Answers the lineage.
std::string run_once(const StoreFolder& folder, const std::string& room, bool closes) {
  WaitingStore store(folder.options());
  const auto opened = store.open();
  REQUIRE_MESSAGE(opened.ok(), opened.status().ToString());
  const auto top = store.load(room)->top;
  CHECK(stored(store.append(messages(room, top + 1, top + 3))));
  if (closes) CHECK(store.close().ok());
  return opened->lineage;
}

Continuity continuity_of(const StoreFolder& folder, const std::string& room) {
  WaitingStore store(folder.options());
  REQUIRE(store.open().ok());
  const Continuity continuity = store.load(room)->continuity;
  CHECK(store.close().ok());
  return continuity;
}

TEST_CASE("lineage: it stays over restarts, crashes, and when the file is renamed") {
  const StoreFolder folder;
  const std::string lineage = run_once(folder, "room", true);
  CHECK(run_once(folder, "room", false) == lineage);
  CHECK(run_once(folder, "room", true) == lineage);
  fs::rename(folder.path(), folder.path("other"));
  fs::rename(folder.path("other"), folder.path());
  CHECK(run_once(folder, "room", true) == lineage);
}

TEST_CASE("lineage: a copy in the place of the file is another one, also under the same name") {
  const StoreFolder folder;
  const std::string lineage = run_once(folder, "room", true);
  fs::copy_file(folder.path(), folder.path("copy"));
  fs::remove(folder.path());
  fs::rename(folder.path("copy"), folder.path());
  CHECK(continuity_of(folder, "room") == Continuity::kBroken);
  CHECK(run_once(folder, "other", true) != lineage);
  CHECK(continuity_of(folder, "other") == Continuity::kComplete);
  CHECK(continuity_of(folder, "room") == Continuity::kBroken);
}

TEST_CASE("lineage: a backup written into the same file is noticed by what it lacks") {
  const StoreFolder folder;
  const std::string lineage = run_once(folder, "room", true);
  fs::copy_file(folder.path(), folder.path("backup"));
  CHECK(run_once(folder, "room", true) == lineage);
  fs::copy_file(folder.path("backup"), folder.path(), fs::copy_options::overwrite_existing);
  CHECK(continuity_of(folder, "room") == Continuity::kBroken);
}

TEST_CASE("lineage: a log that is gone is noticed, for what was in it was acknowledged") {
  const StoreFolder folder;
  std::string lineage;
  {
    WaitingStore store(folder.options());
    lineage = store.open()->lineage;
    CHECK(stored(store.append(messages("room", 1, 3))));
    fs::copy_file(folder.path(), folder.path("copy"));
  }
  // As the process would have left it, had it died, and somebody had removed the log.
  fs::copy_file(folder.path("copy"), folder.path(), fs::copy_options::overwrite_existing);
  WaitingStore store(folder.options());
  const auto opened = store.open();
  REQUIRE(opened.ok());
  CHECK(opened->lineage != lineage);
}

TEST_CASE("continuity: a new epoch under a writer that ends well is complete again") {
  const StoreFolder folder;
  run_once(folder, "room", false);
  CHECK(continuity_of(folder, "room") == Continuity::kStored);
  {
    WaitingStore store(folder.options());
    REQUIRE(store.open().ok());
    CHECK(stored(store.append(messages("room", 4, 5, "e2"))));
    CHECK(store.close().ok());
  }
  CHECK(continuity_of(folder, "room") == Continuity::kComplete);
}

}  // namespace
}  // namespace madang
