// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <sqlite3.h>

#include "storage/sqlite/fault_vfs.h"
#include "storage/sqlite/workload.h"

namespace madang {
namespace {

// A log this short is copied into the file several times.
SqliteOptions on_fault_disk(const StoreFolder& folder) {
  register_fault_vfs();
  SqliteOptions options = folder.options();
  options.log_bytes_max = 20'000;
  options.page_bytes = 1024;
  options.vfs = kFaultVfs;
  return options;
}

// Runs a workload on a disk that loses its power with a change. Answers whether it came to that.
bool lose_power_at(int change) {
  INFO("power is lost with change " << change);
  const StoreFolder folder(StoreFolder::kInMemory);
  FaultDisk& disk = FaultDisk::get();
  disk.reset();
  Workload workload;
  std::string lineage;
  disk.lose_power_at(change);
  {
    WaitingStore store(on_fault_disk(folder));
    if (const auto opened = store.open(); opened.ok()) {
      lineage = opened->lineage;
      workload.run(store).IgnoreError();
    }
  }
  const bool lost = disk.power_lost();
  disk.restore_power(static_cast<std::uint64_t>(change));

  WaitingStore store(on_fault_disk(folder));
  const auto opened = store.open();
  REQUIRE_MESSAGE(opened.ok(), opened.status().ToString());
  if (!lineage.empty()) CHECK(opened->lineage == lineage);
  workload.check(store);
  CHECK(workload.run(store).ok());
  workload.check(store);
  CHECK(store.close().ok());
  return lost;
}

TEST_CASE("power loss: at every change what was acknowledged is there, and only whole batches") {
  int change = 1;
  while (lose_power_at(change))
    ++change;
  CHECK(change > 80);  // it was worth its name
}

TEST_CASE("power loss: a sync that failed once proves nothing when the next one works") {
  int syncs = 1;
  for (bool met = true; met; ++syncs) {
    INFO("sync " << syncs << " fails, and what it had to write is lost");
    const StoreFolder folder(StoreFolder::kInMemory);
    FaultDisk& disk = FaultDisk::get();
    disk.reset();
    disk.fail(DiskCall::kSync, syncs, 1, SQLITE_IOERR);
    Workload workload;
    {
      WaitingStore store(on_fault_disk(folder));
      if (!store.open().ok()) REQUIRE(store.open().ok());
      REQUIRE(workload.run(store, 2).ok());
      met = disk.calls(DiskCall::kSync) >= syncs;
      disk.lose_power_at(disk.changes());
    }
    disk.restore_power(static_cast<std::uint64_t>(syncs));
    WaitingStore store(on_fault_disk(folder));
    REQUIRE(store.open().ok());
    workload.check(store);
  }
  CHECK(syncs > 7);
}

}  // namespace
}  // namespace madang
