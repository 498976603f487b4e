// SPDX-License-Identifier: Apache-2.0

// A server changes its store from SQLite to PostgreSQL while people write (requirement D5).
#ifdef MADANG_TEST_SQLITE

#include <atomic>
#include <filesystem>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "madang/engine.h"
#include "madang/storage/dual_write_store.h"
#include "madang/storage/sqlite/sqlite_store.h"
#include "storage/postgres/fixture.h"
#include "stress/thread_scheduler.h"

using namespace madang;
using namespace madang::testing;

namespace {

constexpr int kWriters = 3;

// Each writer has a room of either kind.
std::vector<std::string> rooms_of(int writer) {
  return {"durable" + std::to_string(writer), "behind" + std::to_string(writer)};
}

// One process: an engine over a store, on a thread of its own.
class Process {
 public:
  explicit Process(MessageStore& store) {
    EngineOptions options;
    options.lanes = {&scheduler_};
    options.storage.store = &store;
    options.handlers.room_options = [](std::string_view room) {
      RoomOptions chosen;
      chosen.history.messages_max = 20;
      chosen.durability =
          room.starts_with("durable") ? Durability::kDurable : Durability::kWriteBehind;
      return chosen;
    };
    engine_ = *Engine::create(std::move(options));
  }
  ~Process() { scheduler_.stop(); }

  absl::StatusOr<PublishResult> publish(const std::string& room, int number) {
    return answer<PublishResult>(
        [&](auto done) { engine_->publish(room, std::to_string(number), {}, std::move(done)); });
  }
  std::vector<std::string> history(const std::string& room) {
    std::vector<std::string> all;
    for (std::uint64_t after = 0;;) {
      const auto page = answer<HistoryResult>([&](auto done) {
        engine_->history(room, {.since = StreamPosition{after, ""}, .limit = 500}, std::move(done));
      });
      if (!page.ok()) return {page.status().ToString()};
      if (page->messages.empty()) return all;
      for (const EventRef& event : page->messages)
        all.emplace_back(event->data.view());
      after = page->messages.back()->offset;
    }
  }
  StreamPosition position(const std::string& room) {
    const auto page =
        answer<HistoryResult>([&](auto done) { engine_->history(room, {}, std::move(done)); });
    return page.ok() ? page->position : StreamPosition();
  }
  void stop() {
    Awaited<void> awaited;
    engine_->drain({}, [done = awaited.callback()]() mutable { done(absl::OkStatus()); });
    CHECK(awaited.wait(std::chrono::seconds(60)).ok());
  }

 private:
  ThreadScheduler scheduler_;
  std::unique_ptr<Engine> engine_;
};

// People who write into their rooms in turn, so at the pace of the store, until told to stop.
class Writers {
 public:
  explicit Writers(Process& process) : process_(process) {
    for (int writer = 0; writer < kWriters; ++writer)
      threads_.emplace_back([this, writer] { write(writer); });
  }
  // Waits until some more has been written.
  void more() {
    const int wanted = written_ + 300;
    REQUIRE(eventually([&] { return written_ >= wanted; }));
  }
  // What each room acknowledged, in order.
  std::map<std::string, std::vector<std::string>> stop() {
    stopping_ = true;
    for (auto& thread : threads_)
      thread.join();
    return acknowledged_;
  }

 private:
  void write(int writer) {
    std::map<std::string, std::vector<std::string>> acknowledged;
    for (int number = 1; !stopping_; ++number) {
      for (const std::string& room : rooms_of(writer)) {
        if (!process_.publish(room, number).ok()) continue;
        acknowledged[room].push_back(std::to_string(number));
        ++written_;
      }
    }
    const std::lock_guard lock(mutex_);
    acknowledged_.merge(acknowledged);
  }

  Process& process_;
  std::atomic<int> written_{0};
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;
  std::map<std::string, std::vector<std::string>> acknowledged_;
  std::vector<std::thread> threads_;
};

}  // namespace

TEST_CASE("exchange: from SQLite to PostgreSQL while people write nothing is lost or doubled") {
  if (shared_server() == nullptr) return;
  const std::filesystem::path folder = std::filesystem::path(MADANG_TEST_FOLDER) / "exchange";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  SqliteOptions sqlite;
  sqlite.path = (folder / "old.db").string();
  const PostgresOptions postgres = test_options();

  std::map<std::string, std::vector<std::string>> acknowledged;
  std::map<std::string, StreamPosition> positions;
  {
    DualWriteStore stores(make_sqlite_store(sqlite), make_postgres_store(postgres));
    Process process(stores);
    Writers writers(process);
    writers.more();
    CHECK(answer<void>([&](auto done) { stores.backfill(nullptr, std::move(done)); }).ok());
    writers.more();
    CHECK(answer<void>([&](auto done) { stores.switch_reads(std::move(done)); }).ok());
    writers.more();
    CHECK(answer<void>([&](auto done) { stores.stop_old(std::move(done)); }).ok());
    writers.more();
    acknowledged = writers.stop();
    for (const auto& [room, numbers] : acknowledged)
      positions[room] = process.position(room);
    process.stop();
  }
  const auto alone = make_postgres_store(postgres);
  Process process(*alone);
  CHECK(acknowledged.size() == 2 * kWriters);
  for (const auto& [room, numbers] : acknowledged) {
    CHECK(numbers.size() > 100);
    CHECK(process.history(room) == numbers);
    CHECK(process.position(room) == positions[room]);
  }
  process.stop();
}

#endif
