// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <fstream>
#include <iterator>

#include "madang/base/random.h"
#include "storage/sqlite/workload.h"

namespace madang {
namespace {

std::string read_file(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

void write_file(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

SqliteOptions small_pages(const StoreFolder& folder) {
  SqliteOptions options = folder.options();
  options.page_bytes = 512;
  return options;
}

// A store with all of a workload, as close() leaves it.
std::string whole_store(const StoreFolder& folder, Workload& workload) {
  WaitingStore store(small_pages(folder));
  REQUIRE(store.open().ok());
  REQUIRE(workload.run(store).ok());
  REQUIRE(store.close().ok());
  return read_file(folder.path());
}

// Opens what is left and reads all of it: it is right, or the answer is DataLoss (or, where the
// damage makes it somebody else's file, FailedPrecondition). Answers whether the damage was met.
bool damage_is_met(const StoreFolder& folder, const Workload& workload) {
  WaitingStore store(small_pages(folder));
  const auto opened = store.open();
  const auto is_clear = [](const absl::Status& status) {
    CHECK_MESSAGE((absl::IsDataLoss(status) || absl::IsFailedPrecondition(status)),
                  status.ToString());
    return true;
  };
  if (!opened.ok()) return is_clear(opened.status());
  for (std::size_t r = 0; r < 2; ++r) {
    const auto room = store.load(Workload::name(r));
    if (!room.ok()) return is_clear(room.status());
    for (const Direction direction : {Direction::kUp, Direction::kDown}) {
      const auto page = store.read({.room = Workload::name(r),
                                    .cursor = direction == Direction::kUp ? 0 : room->top + 1,
                                    .direction = direction,
                                    .messages_max = 1000,
                                    .bytes_max = 1 << 20});
      if (!page.ok()) return is_clear(page.status());
      CHECK(page->messages.size() == room->top);
    }
  }
  workload.check(store);
  return false;
}

TEST_CASE("damage: a flipped bit is met with a clear answer, and never read as a message") {
  const StoreFolder folder(StoreFolder::kInMemory);
  Workload workload;
  const std::string whole = whole_store(folder, workload);
  SeededRandom random(5);
  int met = 0;
  constexpr int kFlips = 400;
  for (int i = 0; i < kFlips; ++i) {
    std::string flipped = whole;
    const std::size_t at = i < 100 ? static_cast<std::size_t>(i) : random.below(whole.size());
    flipped[at] = static_cast<char>(flipped[at] ^ (1 << random.below(8)));
    write_file(folder.path(), flipped);
    INFO("a bit of byte " << at << " is flipped");
    met += damage_is_met(folder, workload) ? 1 : 0;
  }
  CHECK(met > kFlips / 3);  // the rest was in bytes that hold nothing
}

TEST_CASE("damage: a file that was cut short is not opened") {
  const StoreFolder folder(StoreFolder::kInMemory);
  Workload workload;
  const std::string whole = whole_store(folder, workload);
  for (std::size_t size = 0; size < whole.size(); size += 509) {
    write_file(folder.path(), whole.substr(0, size));
    WaitingStore store(small_pages(folder));
    const absl::Status status = store.open().status();
    INFO("cut to " << size << " of " << whole.size());
    CHECK_MESSAGE(absl::IsDataLoss(status), status.ToString());
  }
}

TEST_CASE("damage: a file of other bytes is refused, or set aside if the host says so") {
  const StoreFolder folder(StoreFolder::kInMemory);
  const std::string noise(20'000, '#');
  write_file(folder.path(), noise);
  {
    WaitingStore store(folder.options());
    CHECK(absl::IsDataLoss(store.open().status()));
    CHECK(read_file(folder.path()) == noise);
  }
  SqliteOptions options = folder.options();
  options.set_damaged_aside = true;
  for (int number = 1; number <= 2; ++number) {
    write_file(folder.path(), noise);
    WaitingStore store(options);
    REQUIRE(store.open().ok());
    CHECK(read_file(folder.path("store.db.corrupt-" + std::to_string(number))) == noise);
    CHECK(stored(store.append(conformance::messages("room", 1, 3))));
    CHECK(store.close().ok());
  }
}

TEST_CASE("damage: a log cut short or flipped is told by the lineage, if anything is missing") {
  const StoreFolder folder(StoreFolder::kInMemory);
  Workload workload;
  std::string file;
  std::string log;
  std::string lineage;
  {
    WaitingStore store(small_pages(folder));
    lineage = store.open()->lineage;
    REQUIRE(workload.run(store).ok());
    file = read_file(folder.path());
    log = read_file(folder.path("store.db-wal"));
  }
  const std::string mark = read_file(folder.path("store.db.lock"));
  REQUIRE(log.size() > 10'000);
  SeededRandom random(3);
  for (int i = 0; i < 60; ++i) {
    std::string bytes = log;
    if (i % 2 == 0) {
      bytes.resize(random.below(log.size()));
    } else {
      const std::size_t at = random.below(log.size());
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << random.below(8)));
    }
    write_file(folder.path(), file);
    write_file(folder.path("store.db-wal"), bytes);
    write_file(folder.path("store.db.lock"), mark);
    WaitingStore store(small_pages(folder));
    const auto opened = store.open();
    if (!opened.ok()) {
      CHECK_MESSAGE(absl::IsDataLoss(opened.status()), opened.status().ToString());
      continue;
    }
    if (opened->lineage == lineage) {
      workload.check(store);
    } else {
      const auto room = store.load("first");
      REQUIRE(room.ok());
      CHECK((room->top == 0 || room->continuity == Continuity::kBroken));
    }
  }
}

}  // namespace
}  // namespace madang
