// SPDX-License-Identifier: Apache-2.0
#include "madang/pipeline/write_behind.h"

#include <doctest/doctest.h>

#include <deque>
#include <thread>
#include <vector>

#include "madang/testing/manual_scheduler.h"

using namespace madang;

namespace {

// A store of numbers that answers when the test says so.
class Numbers final : public WriteBehind<int>::Writer {
 public:
  void write(std::span<int> batch, Callback<AppendResult> done) override {
    tries.emplace_back(batch.begin(), batch.end());
    answers.push_back(std::move(done));
    if (at_once) answer(AppendResult());
  }
  void written(std::span<int> batch) override {
    stored.insert(stored.end(), batch.begin(), batch.end());
  }
  void refused(int& record, const absl::Status&) override { lost.push_back(record); }

  void answer(absl::StatusOr<AppendResult> result) {
    auto done = std::move(answers.front());
    answers.pop_front();
    done(std::move(result));
  }

  bool at_once = false;
  std::deque<Callback<AppendResult>> answers;
  std::vector<std::vector<int>> tries;
  std::vector<int> stored;
  std::vector<int> lost;
};

struct Fixture {
  explicit Fixture(WriteBehindLimits limits = {}) : pipeline(scheduler, limits, numbers, 1) {}

  bool put(int number, std::size_t bytes = 10) {
    if (!pipeline.reserve(bytes, scheduler.now())) return false;
    if (pipeline.put(number, bytes, scheduler.now())) pipeline.wake();
    return true;
  }
  void pass(Duration duration) { clock.advance(duration); }
  WriteBehindState state() const { return pipeline.state(scheduler.now()); }

  ManualClock clock;
  ManualScheduler scheduler{clock};
  Numbers numbers;
  WriteBehind<int> pipeline;
};

std::vector<int> range(int first, int last) {
  std::vector<int> all;
  for (int i = first; i <= last; ++i)
    all.push_back(i);
  return all;
}

}  // namespace

TEST_CASE("write-behind: a batch waits for company, but not for long") {
  Fixture f({.batch_delay = std::chrono::milliseconds(5)});
  f.put(1);
  f.pass(std::chrono::milliseconds(3));
  f.put(2);
  CHECK(f.numbers.tries.empty());
  f.pass(std::chrono::milliseconds(2));
  REQUIRE(f.numbers.tries.size() == 1);
  CHECK(f.numbers.tries[0] == range(1, 2));
}

TEST_CASE("write-behind: a full batch does not wait, and is cut by number and by bytes") {
  WriteBehindLimits limits{.batch_records_max = 3, .batch_bytes_max = 25};
  limits.batch_delay = std::chrono::hours(1);
  Fixture f(limits);
  f.numbers.at_once = true;
  for (int i = 1; i <= 3; ++i)
    f.put(i);
  f.pass(Duration(0));
  REQUIRE(f.numbers.tries.size() == 1);
  CHECK(f.numbers.tries[0] == range(1, 2));  // three would be 30 bytes
  f.put(4, 1000);                            // one always fits
  f.put(5, 1);
  f.pass(Duration(0));
  CHECK(f.numbers.tries.size() >= 2);
  f.pass(std::chrono::hours(2));
  CHECK(f.numbers.stored == range(1, 5));
  CHECK(f.state().records == 0);
  CHECK(f.state().bytes == 0);
}

TEST_CASE("write-behind: one batch is under way at a time, and the order stays") {
  Fixture f({.batch_records_max = 2, .batch_delay = Duration(0)});
  for (int i = 1; i <= 5; ++i)
    f.put(i);
  f.pass(std::chrono::seconds(1));
  CHECK(f.numbers.tries.size() == 1);
  while (!f.numbers.answers.empty()) {
    f.numbers.answer(AppendResult());
    f.pass(Duration(0));
  }
  CHECK(f.numbers.tries.size() == 3);
  CHECK(f.numbers.stored == range(1, 5));
}

TEST_CASE("write-behind: at each of its bounds it is full, and says so") {
  WriteBehindLimits limits{.records_max = 3, .bytes_max = 100, .age_max = std::chrono::seconds(2)};
  Fixture f(limits);
  CHECK(f.put(1));
  CHECK(f.put(2));
  CHECK(f.put(3));
  CHECK_FALSE(f.put(4));
  f.pass(std::chrono::seconds(1));
  f.numbers.answer(AppendResult());
  f.pass(Duration(0));
  CHECK(f.put(5, 90));
  CHECK_FALSE(f.put(6, 90));
  f.pass(std::chrono::seconds(3));
  CHECK_FALSE(f.put(7));  // too old
  CHECK(f.state().age >= std::chrono::seconds(3));
  f.numbers.answer(AppendResult());
  f.pass(Duration(0));
  CHECK(f.state().age == Duration(0));
  CHECK(f.put(8));
  CHECK(f.state().full == 3);
}

TEST_CASE("write-behind: a failed batch is tried again, the same, ever more slowly up to a bound") {
  WriteBehindLimits limits{.retry_min = std::chrono::milliseconds(100),
                           .retry_max = std::chrono::seconds(1)};
  Fixture f(limits);
  f.put(1);
  f.pass(std::chrono::seconds(1));
  f.put(2);
  Duration longest{};
  for (int i = 0; i < 20; ++i) {
    REQUIRE(f.numbers.answers.size() == 1);
    const MonoTime failed_at = f.scheduler.now();
    f.numbers.answer(absl::UnavailableError("away"));
    while (f.numbers.answers.empty())
      f.pass(std::chrono::milliseconds(1));
    longest = std::max(longest, f.scheduler.now() - failed_at);
    CHECK(f.numbers.tries.back() == range(1, 1));
    CHECK(f.pipeline.failing());
  }
  CHECK(longest > std::chrono::milliseconds(500));
  CHECK(longest <= std::chrono::milliseconds(1001));
  f.numbers.at_once = true;
  f.numbers.answer(AppendResult());
  f.pass(std::chrono::seconds(1));
  CHECK_FALSE(f.pipeline.failing());
  CHECK(f.numbers.stored == range(1, 2));
  CHECK(f.state().failures == 20);
}

TEST_CASE("write-behind: what is refused goes, and what is left of the batch is written") {
  Fixture f;
  for (int i = 1; i <= 4; ++i)
    f.put(i);
  f.pass(std::chrono::seconds(1));
  AppendResult refused;
  refused.refused = {{1, absl::InvalidArgumentError("no")}, {3, absl::InvalidArgumentError("no")}};
  f.numbers.answer(refused);
  f.pass(Duration(0));
  CHECK(f.numbers.tries.back() == std::vector<int>{1, 3});
  f.numbers.answer(AppendResult());
  f.pass(Duration(0));
  CHECK(f.numbers.stored == std::vector<int>{1, 3});
  CHECK(f.numbers.lost == std::vector<int>{2, 4});
  CHECK(f.state().records == 0);
}

TEST_CASE("write-behind: a store that will never take anything leaves nobody waiting") {
  Fixture f({.batch_records_max = 2});
  for (int i = 1; i <= 5; ++i)
    f.put(i);
  f.pass(std::chrono::seconds(1));
  f.numbers.answer(absl::FailedPreconditionError("another writer"));
  f.pass(std::chrono::seconds(1));
  CHECK(f.numbers.lost == range(1, 5));
  CHECK(f.state().stopped);
  CHECK(f.state().records == 0);
  CHECK_FALSE(f.put(6));
}

TEST_CASE("write-behind: a flush waits for no company and calls back when nothing is left") {
  Fixture f({.batch_delay = std::chrono::hours(1)});
  f.put(1);
  bool flushed = false;
  f.scheduler.post([&] { f.pipeline.flush([&] { flushed = true; }); });
  f.pass(Duration(0));
  CHECK_FALSE(flushed);
  f.numbers.answer(AppendResult());
  f.pass(Duration(0));
  CHECK(flushed);
}

TEST_CASE("write-behind: many threads put in, and each finds its records in its order") {
  constexpr int kThreads = 4;
  constexpr int kEach = 5'000;
  Fixture f({.records_max = kThreads * kEach, .bytes_max = 1 << 30});
  f.numbers.at_once = true;
  std::vector<std::thread> threads;
  std::atomic<int> wakes{0};
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < kEach; ++i) {
        if (!f.pipeline.reserve(10, MonoTime())) std::abort();
        if (f.pipeline.put(thread * kEach + i, 10, MonoTime())) ++wakes;
      }
    });
  }
  for (auto& thread : threads)
    thread.join();
  CHECK(wakes == 1);  // nobody listened meanwhile
  f.pipeline.wake();
  f.pass(std::chrono::seconds(1));
  CHECK(f.numbers.stored.size() == kThreads * kEach);
  std::vector<int> last(kThreads, -1);
  for (const int number : f.numbers.stored) {
    CHECK(number % kEach == last[number / kEach] + 1);
    last[number / kEach] = number % kEach;
  }
}
