// SPDX-License-Identifier: Apache-2.0
#include "madang/testing/manual_scheduler.h"

#include <doctest/doctest.h>

#include <chrono>
#include <memory>
#include <string>

namespace madang {
namespace {

using std::chrono::seconds;

TEST_CASE("manual scheduler: runs what was posted in order, and never within post") {
  ManualClock clock;
  ManualScheduler scheduler(clock);
  std::string trace;
  scheduler.post([&] {
    trace += 'a';
    scheduler.post([&] { trace += 'c'; });
    trace += 'A';
  });
  scheduler.post([&] { trace += 'b'; });
  CHECK(trace.empty());
  CHECK(scheduler.run_one());
  CHECK(trace == "aA");
  CHECK(scheduler.run_ready() == 2);
  CHECK(trace == "aAbc");
  CHECK_FALSE(scheduler.run_one());
}

TEST_CASE("manual scheduler: timers of all lanes run in the order of their times, once") {
  ManualClock clock;
  ManualScheduler one(clock);
  ManualScheduler two(clock);
  std::string trace;
  one.call_at(clock.now() + seconds(3), [&] { trace += '3'; });
  two.call_at(clock.now() + seconds(1), [&] {
    trace += '1';
    CHECK(clock.now() == MonoTime(seconds(1)));
    one.post([&] { one.call_at(clock.now() + seconds(1), [&] { trace += '2'; }); });
  });
  two.call_at(clock.now() + seconds(3), [&] { trace += '4'; });
  CHECK(clock.next_timer() == MonoTime(seconds(1)));
  one.advance(seconds(2));
  CHECK(trace == "12");
  clock.advance(seconds(10));
  CHECK(trace == "1234");
  CHECK(clock.now() == MonoTime(seconds(12)));
  CHECK_FALSE(clock.next_timer().has_value());
}

TEST_CASE("manual scheduler: what was skipped over runs late and in order") {
  ManualClock clock;
  ManualScheduler scheduler(clock);
  std::string trace;
  scheduler.call_at(clock.now() + seconds(2), [&] { trace += '2'; });
  scheduler.call_at(clock.now() + seconds(1), [&] { trace += '1'; });
  scheduler.post([&] { trace += '0'; });
  clock.skip(seconds(5));
  CHECK(trace.empty());
  CHECK(scheduler.has_ready());
  scheduler.run_ready();
  CHECK(trace == "012");
}

TEST_CASE("manual scheduler: a cancelled timer does not run, not even when it is due already") {
  ManualClock clock;
  ManualScheduler scheduler(clock);
  int ran = 0;
  const auto early = scheduler.call_at(clock.now() + seconds(1), [&] { ++ran; });
  TimerHandle late;
  scheduler.call_at(clock.now() + seconds(2), [&] { scheduler.cancel(late); });
  late = scheduler.call_at(clock.now() + seconds(2), [&] { ++ran; });
  scheduler.cancel(early);
  clock.advance(seconds(5));
  CHECK(ran == 0);
  scheduler.cancel(early);
  scheduler.cancel({});
}

TEST_CASE("manual scheduler: the wall clock jumps alone") {
  ManualClock clock;
  ManualScheduler scheduler(clock);
  const auto wall = scheduler.wall_now();
  clock.advance(seconds(1));
  CHECK(scheduler.wall_now() == wall + seconds(1));
  clock.jump_wall(-std::chrono::hours(24));
  CHECK(scheduler.wall_now() == wall + seconds(1) - std::chrono::hours(24));
  CHECK(scheduler.now() == MonoTime(seconds(1)));
}

TEST_CASE("manual scheduler: a task runs on its own lane, and the test on any") {
  ManualClock clock;
  ManualScheduler one(clock);
  ManualScheduler two(clock);
  CHECK(one.runs_here());
  one.post([&] {
    CHECK(one.runs_here());
    CHECK_FALSE(two.runs_here());
  });
  CHECK(clock.run_ready() == 1);
}

TEST_CASE("manual scheduler: what never ran is dropped, even if that posts again") {
  ManualClock clock;
  auto scheduler = std::make_unique<ManualScheduler>(clock);
  int dropped = 0;
  const auto guard = [&] {
    return std::shared_ptr<void>(nullptr, [&, lane = scheduler.get()](void*) {
      ++dropped;
      lane->post([] {});
      lane->cancel(lane->call_at(MonoTime(), [] {}));
    });
  };
  scheduler->post([held = guard()] {});
  scheduler->cancel(scheduler->call_at(MonoTime(seconds(1)), [held = guard()] {}));
  CHECK(dropped == 1);
  scheduler->call_at(MonoTime(seconds(1)), [held = guard()] {});
  scheduler.reset();
  CHECK(dropped == 3);
  CHECK(clock.run_ready() == 0);
}

}  // namespace
}  // namespace madang
