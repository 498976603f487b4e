// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <vector>

#include "madang/storage/retention_keeper.h"
#include "madang/testing/manual_scheduler.h"
#include "storage/archive/archive_fixture.h"

namespace madang {
namespace {

using conformance::same_messages;
using std::chrono::days;

// A scheduler on virtual time that other threads may post to.
class MailScheduler final : public ManualScheduler {
 public:
  using ManualScheduler::ManualScheduler;

  void post(Task task) override {
    const std::lock_guard lock(mutex_);
    mail_.push_back(std::move(task));
    news_.notify_all();
  }

  // Runs what comes until `condition` holds; false if it does not in time.
  template <typename Condition>
  bool run_until(const Condition& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    for (;;) {
      run_ready();
      if (condition()) return true;
      std::vector<Task> mail;
      {
        std::unique_lock lock(mutex_);
        if (!news_.wait_until(lock, deadline, [this] { return !mail_.empty(); })) return false;
        mail.swap(mail_);
      }
      for (auto& task : mail)
        ManualScheduler::post(std::move(task));
    }
  }

 private:
  std::mutex mutex_;
  std::condition_variable news_;
  std::vector<Task> mail_;
};

// Three months that end now, an archive that has them, and a keeper.
struct Kept {
  const ArchiveTestFolder folder;
  const std::shared_ptr<MemoryStoreData> data = std::make_shared<MemoryStoreData>();
  ManualClock clock;
  MailScheduler scheduler{clock};
  MessageBatch all = conformance::messages("room", 1, 90);
  std::unique_ptr<WaitingArchive> archive = std::make_unique<WaitingArchive>(
      std::make_unique<MemoryStore>(data), folder.path(), ArchiveOptions{.file_messages_max = 5});
  std::unique_ptr<RetentionKeeper> keeper;

  explicit Kept(RetentionOptions options) {
    for (auto& message : all)
      message.time = clock.wall_now() - days(90 - static_cast<int>(message.offset));
    REQUIRE(archive->append(all));
    options.move = [store = &archive->get()](WallTime before, Callback<std::size_t> done) {
      store->export_before(
          before, nullptr,
          [done = std::move(done)](absl::StatusOr<ArchiveProgress> result) mutable {
            if (!result.ok()) return done(result.status());
            done(result->messages);
          });
    };
    auto made = RetentionKeeper::make(scheduler, archive->get(), std::move(options));
    REQUIRE(made.ok());
    keeper = *std::move(made);
    keeper->start();
    REQUIRE(scheduler.run_until([this] { return scheduler.next_timer().has_value(); }));
  }

  // To the end of the next look.
  RetentionState look() {
    const std::uint64_t runs = keeper->state().runs;
    for (int i = 0; i < 100 && keeper->state().runs == runs; ++i) {
      clock.skip(std::max<Duration>(*scheduler.next_timer() - clock.now(), Duration(0)));
      REQUIRE(scheduler.run_until([this] { return scheduler.next_timer().has_value(); }));
    }
    REQUIRE(keeper->state().runs == runs + 1);
    return keeper->state();
  }
};

TEST_CASE("retention: the cold goes to the archive, the old goes everywhere, all else is read") {
  RetentionOptions options;
  options.keep_for = days(60);
  options.warm_for = days(30);
  options.step_messages_max = 4;
  Kept kept(std::move(options));
  const auto state = kept.look();
  CHECK(state.failures == 0);
  CHECK(state.removed == 30);
  CHECK(state.moved == 30);
  CHECK(state.last_run != WallTime());
  CHECK_FALSE(kept.folder.files().empty());
  const auto page = kept.archive->read_all("room");
  REQUIRE(page.ok());
  CHECK(page->first == 31);
  CHECK(same_messages(page->messages, MessageBatch(kept.all.begin() + 30, kept.all.end())));

  // A month later, from the files as well.
  kept.clock.skip(days(30));
  CHECK(kept.look().removed == 60);
  CHECK(kept.keeper->state().moved == 60);
  const auto rest = kept.archive->read_all("room");
  REQUIRE(rest.ok());
  CHECK(rest->first == 61);
  CHECK(rest->messages.size() == 30);
}

TEST_CASE("retention: an export that somebody else is running is waited for") {
  std::mutex mutex;
  std::condition_variable news;
  bool go_on = false;
  RetentionOptions options;
  options.warm_for = days(30);
  Kept kept(std::move(options));
  Blocking<absl::StatusOr<ArchiveProgress>> other;
  kept.archive->get().export_before(
      WallTime::max(),
      [&](const ArchiveProgress&) {
        std::unique_lock lock(mutex);
        news.wait_for(lock, std::chrono::seconds(30), [&] { return go_on; });
      },
      other.callback());
  const auto state = kept.look();
  CHECK(state.failures == 1);
  CHECK(absl::IsFailedPrecondition(state.last_failure));
  {
    const std::lock_guard lock(mutex);
    go_on = true;
  }
  news.notify_all();
  REQUIRE(other.wait().ok());
  CHECK(kept.look().failures == 1);
  CHECK(kept.keeper->state().last_run != WallTime());
}

TEST_CASE("retention: keeper and archive are destroyed in the middle of an export") {
  for (int step = 0; step < 20; ++step) {
    RetentionOptions options;
    options.warm_for = days(1);
    Kept kept(std::move(options));
    kept.clock.skip(*kept.scheduler.next_timer() - kept.clock.now());
    REQUIRE(kept.scheduler.run_until([&] { return kept.keeper->state().running; }));
    for (int i = 0; i < step; ++i)
      REQUIRE(kept.archive->read_all("room").ok());
    kept.keeper.reset();
    kept.archive.reset();
    WaitingArchive again(std::make_unique<MemoryStore>(kept.data), kept.folder.path());
    const auto page = again.read_all("room");
    REQUIRE(page.ok());
    CHECK(same_messages(page->messages, kept.all));
  }
}

}  // namespace
}  // namespace madang
