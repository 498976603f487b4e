// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <sqlite3.h>

#include "storage/sqlite/fault_vfs.h"
#include "storage/sqlite/workload.h"

namespace madang {
namespace {

SqliteOptions on_fault_disk(const StoreFolder& folder) {
  register_fault_vfs();
  SqliteOptions options = folder.options();
  options.log_bytes_max = 20'000;
  options.page_bytes = 1024;
  options.vfs = kFaultVfs;
  return options;
}

bool may_be_tried_again(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsResourceExhausted(status);
}

absl::Status open_twice(WaitingStore& store) {
  absl::Status status = store.open().status();
  if (status.ok()) return status;
  CHECK_MESSAGE(may_be_tried_again(status), status.ToString());
  return store.open().status();
}

// Each call of a kind fails once, and the caller tries again.
int fail_each(DiskCall call, int code) {
  for (int n = 1;; ++n) {
    INFO("call " << n << " of kind " << static_cast<int>(call) << " fails with " << code);
    const StoreFolder folder(StoreFolder::kInMemory);
    FaultDisk& disk = FaultDisk::get();
    disk.reset();
    disk.fail(call, n, 1, code);
    Workload workload;
    std::string lineage;
    {
      WaitingStore store(on_fault_disk(folder));
      const absl::Status opened = open_twice(store);
      REQUIRE_MESSAGE(opened.ok(), opened.ToString());
      const absl::Status run = workload.run(store, 2);
      REQUIRE_MESSAGE(run.ok(), run.ToString());
      if (!store.load("first").ok()) CHECK(store.load("first").ok());
      const absl::Status closed = store.close();
      if (!closed.ok()) CHECK_MESSAGE(store.close().ok(), closed.ToString());
    }
    if (disk.calls(call) < n) return n;
    disk.fail(call, 0, 0, SQLITE_OK);
    WaitingStore store(on_fault_disk(folder));
    const auto opened = store.open();
    REQUIRE_MESSAGE(opened.ok(), opened.status().ToString());
    workload.check(store);
    CHECK(store.load("first")->continuity == Continuity::kComplete);
  }
}

TEST_CASE("faults: each write that fails is a clear answer, and the next try stores it") {
  CHECK(fail_each(DiskCall::kWrite, SQLITE_IOERR) > 40);
}

TEST_CASE("faults: each write that finds the disk full is a clear answer") {
  CHECK(fail_each(DiskCall::kWrite, SQLITE_FULL) > 40);
}

TEST_CASE("faults: each sync that fails is a clear answer") {
  CHECK(fail_each(DiskCall::kSync, SQLITE_IOERR) > 7);
}

TEST_CASE("faults: each truncation that fails is a clear answer") {
  CHECK(fail_each(DiskCall::kTruncate, SQLITE_IOERR) > 1);
}

TEST_CASE("faults: each file that does not open is a clear answer") {
  CHECK(fail_each(DiskCall::kOpen, SQLITE_CANTOPEN) > 3);
}

TEST_CASE("faults: each read that fails is a clear answer") {
  CHECK(fail_each(DiskCall::kRead, SQLITE_IOERR_READ) > 5);
}

TEST_CASE("disk full: batches are refused while it is, all else is there, and then it goes on") {
  const StoreFolder folder(StoreFolder::kInMemory);
  FaultDisk& disk = FaultDisk::get();
  disk.reset();
  WaitingStore store(on_fault_disk(folder));
  REQUIRE(store.open().ok());
  disk.limit_bytes(60'000);
  Workload workload;
  const absl::Status full = workload.run(store, 3);
  CHECK_MESSAGE(absl::IsResourceExhausted(full), full.ToString());
  REQUIRE(workload.acknowledged() > 0);
  workload.check(store);
  CHECK(absl::IsResourceExhausted(workload.run(store)));
  disk.limit_bytes(0);
  CHECK(workload.run(store).ok());
  workload.check(store);
  CHECK(store.close().ok());
}

TEST_CASE("disk gone: nothing is acknowledged while it is, and the store comes back with it") {
  const StoreFolder folder(StoreFolder::kInMemory);
  FaultDisk& disk = FaultDisk::get();
  disk.reset();
  WaitingStore store(on_fault_disk(folder));
  REQUIRE(store.open().ok());
  for (const DiskCall call : {DiskCall::kWrite, DiskCall::kSync})
    disk.fail(call, 1, 1'000'000, SQLITE_IOERR);
  Workload workload;
  CHECK(absl::IsUnavailable(workload.run(store, 5)));
  CHECK(workload.acknowledged() == 0);
  for (const DiskCall call : {DiskCall::kWrite, DiskCall::kSync})
    disk.fail(call, 0, 0, SQLITE_OK);
  CHECK(workload.run(store).ok());
  workload.check(store);
}

}  // namespace
}  // namespace madang
