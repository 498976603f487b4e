// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <sqlite3.h>

#include <atomic>

#include "storage/sqlite/workload.h"

namespace madang {
namespace {

// SQLite's memory, which once gives none on demand.
class FaultMemory {
 public:
  static FaultMemory& get() {
    static FaultMemory memory;
    return memory;
  }

  // The call with this number from now on fails; 0: none does.
  void fail_call(int number) {
    calls_ = 0;
    failing_ = number;
  }
  int calls() const { return calls_; }

 private:
  FaultMemory() {
    sqlite3_config(SQLITE_CONFIG_GETMALLOC, &system_);
    sqlite3_mem_methods ours = system_;
    ours.xMalloc = [](int bytes) { return get().fails() ? nullptr : get().system_.xMalloc(bytes); };
    ours.xRealloc = [](void* at, int bytes) {
      return get().fails() ? nullptr : get().system_.xRealloc(at, bytes);
    };
    sqlite3_config(SQLITE_CONFIG_MALLOC, &ours);
  }
  bool fails() { return ++calls_ == failing_; }

  sqlite3_mem_methods system_ = {};
  std::atomic<int> calls_ = 0, failing_ = 0;
};

// SQLite takes its memory from the first call on.
[[maybe_unused]] const FaultMemory& made_in_time = FaultMemory::get();

// Answers how many calls there were.
int run_with_failure(int number) {
  INFO("allocation " << number << " fails");
  const StoreFolder folder(StoreFolder::kInMemory);
  SqliteOptions options = folder.options();
  options.log_bytes_max = 20'000;
  options.page_bytes = 1024;
  Workload workload;
  FaultMemory::get().fail_call(number);
  int calls = 0;
  {
    WaitingStore store(options);
    const auto opened = store.open();
    if (!opened.ok()) {
      CHECK_MESSAGE(
          (absl::IsResourceExhausted(opened.status()) || absl::IsUnavailable(opened.status())),
          opened.status().ToString());
      REQUIRE(store.open().ok());
    }
    const absl::Status run = workload.run(store, 2);
    REQUIRE_MESSAGE(run.ok(), run.ToString());
    if (!store.load("first").ok()) CHECK(store.load("first").ok());
    const absl::Status closed = store.close();
    if (!closed.ok()) CHECK_MESSAGE(store.close().ok(), closed.ToString());
    calls = FaultMemory::get().calls();
  }
  FaultMemory::get().fail_call(0);
  WaitingStore store(options);
  const auto opened = store.open();
  REQUIRE_MESSAGE(opened.ok(), opened.status().ToString());
  workload.check(store);
  return calls;
}

TEST_CASE("faults: each allocation that fails is a clear answer, and the next try goes well") {
  const int calls = run_with_failure(0);
  CHECK(calls > 300);
#ifdef __SANITIZE_ADDRESS__
  constexpr int kStep = 7;  // so slow is the sanitizer
#else
  constexpr int kStep = 1;
#endif
  for (int number = 1; number <= calls; number += kStep)
    run_with_failure(number);
}

}  // namespace
}  // namespace madang
