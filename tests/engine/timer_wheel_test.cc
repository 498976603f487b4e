// SPDX-License-Identifier: Apache-2.0
#include "engine/timer_wheel.h"

#include <doctest/doctest.h>

#include <functional>
#include <memory>
#include <vector>

#include "madang/base/random.h"

using namespace madang;

namespace {

struct Probe : TimerWheel::Timer {
  void expired(MonoTime now) override {
    fired_at = now;
    ++fired;
    if (on_fire) on_fire();
  }
  MonoTime fired_at;
  int fired = 0;
  std::function<void()> on_fire;
};

constexpr MonoTime at_ms(std::int64_t ms) { return MonoTime(std::chrono::milliseconds(ms)); }

}  // namespace

TEST_CASE("timer wheel: a timer fires once, never early, and at most a tick late") {
  TimerWheel wheel(at_ms(5));
  SeededRandom random(7);
  std::vector<std::unique_ptr<Probe>> probes;
  for (int i = 0; i < 2000; ++i) {
    probes.push_back(std::make_unique<Probe>());
    wheel.arm(*probes.back(), at_ms(5 + static_cast<std::int64_t>(random.below(200'000))));
  }
  for (std::int64_t now = 5; now < 200'100; now += 1 + static_cast<std::int64_t>(random.below(9))) {
    wheel.advance(at_ms(now));
  }
  for (const auto& probe : probes) {
    CHECK(probe->fired == 1);
    CHECK(probe->fired_at >= probe->deadline());
    CHECK(probe->fired_at <= probe->deadline() + TimerWheel::kTick + std::chrono::milliseconds(10));
  }
  CHECK(!wheel.next().has_value());
}

TEST_CASE("timer wheel: a long pause fires everything that is due and nothing else") {
  TimerWheel wheel(at_ms(0));
  Probe soon, later;
  wheel.arm(soon, at_ms(100));
  wheel.arm(later, at_ms(10'000'000));
  wheel.advance(at_ms(5'000'000));
  CHECK(soon.fired == 1);
  CHECK(later.fired == 0);
  wheel.advance(at_ms(10'000'020));
  CHECK(later.fired == 1);
}

TEST_CASE("timer wheel: a timer may arm, disarm and destroy others as it fires") {
  TimerWheel wheel(at_ms(0));
  Probe first, moved;
  auto doomed = std::make_unique<Probe>();
  Probe cancelled;
  wheel.arm(first, at_ms(40));
  wheel.arm(*doomed, at_ms(40));
  wheel.arm(cancelled, at_ms(40));
  wheel.arm(moved, at_ms(40));
  first.on_fire = [&] {
    doomed.reset();
    wheel.disarm(cancelled);
    wheel.arm(moved, at_ms(500));
    if (first.fired < 3) wheel.arm(first, at_ms(80));
  };
  wheel.advance(at_ms(60));
  CHECK(first.fired == 1);
  CHECK(cancelled.fired == 0);
  CHECK(moved.fired == 0);
  wheel.advance(at_ms(600));
  CHECK(first.fired == 3);
  CHECK(moved.fired == 1);
}

TEST_CASE("timer wheel: it knows a time before which nothing is due") {
  TimerWheel wheel(at_ms(0));
  CHECK(!wheel.next().has_value());
  Probe probe;
  wheel.arm(probe, at_ms(3000));
  REQUIRE(wheel.next().has_value());
  CHECK(*wheel.next() >= at_ms(3000));
  CHECK(*wheel.next() <= at_ms(3020));
  wheel.disarm(probe);
  CHECK(!wheel.next().has_value());
}
