// SPDX-License-Identifier: Apache-2.0
#include "madang/transport/lanes.h"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "each_kind.h"

namespace madang {

namespace {

using namespace std::chrono_literals;

// Waits long, but not for ever.
template <typename T>
T get(std::future<T> future) {
  REQUIRE(future.wait_for(10s) == std::future_status::ready);
  return future.get();
}

}  // namespace

TEST_CASE("lanes: what is posted runs in order, in the lane's own thread") {
  const auto owner = lanes_of_each_kind({.lanes = 2});
  Lanes& lanes = *owner;
  Scheduler& scheduler = lanes.scheduler(1);
  std::vector<int> ran;
  std::promise<bool> here;
  for (int i = 0; i < 100; ++i) {
    scheduler.post([&ran, i] { ran.push_back(i); });
  }
  scheduler.post([&] { here.set_value(scheduler.runs_here() && !lanes.scheduler(0).runs_here()); });
  CHECK_FALSE(scheduler.runs_here());
  lanes.start();
  CHECK(get(here.get_future()));
  lanes.stop();
  lanes.join();
  CHECK(ran.size() == 100);
  CHECK(std::is_sorted(ran.begin(), ran.end()));
}

TEST_CASE("lanes: timers run at their time and in its order, cancelled ones never") {
  const auto owner = lanes_of_each_kind({.lanes = 1});
  Lanes& lanes = *owner;
  Scheduler& scheduler = lanes.scheduler(0);
  std::vector<int> ran;
  std::promise<MonoTime> done;
  const MonoTime start = scheduler.now();
  scheduler.call_at(start + 30ms, [&] {
    ran.push_back(3);
    done.set_value(scheduler.now());
  });
  scheduler.call_at(start + 10ms, [&] { ran.push_back(1); });
  const TimerHandle cancelled = scheduler.call_at(start + 15ms, [&] { ran.push_back(0); });
  scheduler.call_at(start + 20ms, [&] { ran.push_back(2); });
  scheduler.cancel(cancelled);
  scheduler.cancel({});
  lanes.start();
  CHECK(get(done.get_future()) >= start + 30ms);
  lanes.stop();
  lanes.join();
  CHECK(ran == std::vector{1, 2, 3});
}

TEST_CASE("lanes: an earlier timer set later, and one set by a timer, run in time") {
  const auto owner = lanes_of_each_kind({.lanes = 1});
  Lanes& lanes = *owner;
  Scheduler& scheduler = lanes.scheduler(0);
  std::promise<void> done;
  scheduler.call_at(scheduler.now() + 1h, [] {});
  scheduler.call_at(scheduler.now() + 5ms,
                    [&] { scheduler.call_at(scheduler.now() - 1s, [&] { done.set_value(); }); });
  lanes.start();
  get(done.get_future());
}

TEST_CASE("lanes: a task that throws is logged and the lane goes on") {
  struct Log : LogSink {
    void write(LogLevel, std::string_view cause, std::string_view text) override {
      lines.push_back(std::string(cause) + ": " + std::string(text));
    }
    std::vector<std::string> lines;
  } log;
  const auto owner = lanes_of_each_kind({.lanes = 1, .log = &log});
  Lanes& lanes = *owner;
  Scheduler& scheduler = lanes.scheduler(0);
  std::promise<void> done;
  scheduler.post([] { throw std::runtime_error("bad\nthing"); });
  scheduler.call_at(scheduler.now(), [] { throw 1; });
  scheduler.call_at(scheduler.now() + 1ms, [&] { done.set_value(); });
  lanes.start();
  get(done.get_future());
  lanes.stop();
  lanes.join();
  REQUIRE(log.lines.size() == 2);
  CHECK(std::count(log.lines.begin(), log.lines.end(), "task_threw: bad\\x0athing") == 1);
}

TEST_CASE("lanes: what has not run when they end is dropped, not leaked") {
  const auto owned = std::make_shared<int>();
  {
    const auto owner = lanes_of_each_kind({.lanes = 2});
    Lanes& lanes = *owner;
    lanes.scheduler(0).post([owned] {});
    lanes.scheduler(1).call_at(lanes.scheduler(1).now() + 1h, [owned] {});
    CHECK(owned.use_count() == 3);
  }
  CHECK(owned.use_count() == 1);
}

TEST_CASE("lanes: one may be stopped from a task of its own") {
  const auto owner = lanes_of_each_kind({.lanes = 2});
  Lanes& lanes = *owner;
  lanes.scheduler(0).post([&] { lanes.stop(); });
  lanes.start();
  lanes.join();
  CHECK(lanes.schedulers().size() == 2);
}

}  // namespace madang
