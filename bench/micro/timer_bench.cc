// SPDX-License-Identifier: Apache-2.0

// Timers that never matter, which is what nearly all of them are.
#include <benchmark/benchmark.h>

#include <chrono>
#include <memory>
#include <vector>

#include "engine/timer_wheel.h"

namespace madang {
namespace {

class IdleTimer final : public TimerWheel::Timer {
 private:
  void expired(MonoTime) override {}
};

constexpr Duration kFar = std::chrono::seconds(25);

// One tick of a wheel that holds `range(0)` timers of half a minute, each armed again when it
// fires, as the pings of idle sessions are. An item is a timer and a tick.
void idle_timers(benchmark::State& state) {
  class Again final : public TimerWheel::Timer {
   public:
    TimerWheel* wheel = nullptr;

   private:
    void expired(MonoTime now) override { wheel->arm(*this, now + kFar); }
  };
  MonoTime now;
  TimerWheel wheel(now);
  const auto timers = std::make_unique<Again[]>(static_cast<std::size_t>(state.range(0)));
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    timers[static_cast<std::size_t>(i)].wheel = &wheel;
    wheel.arm(timers[static_cast<std::size_t>(i)], now + kFar * i / state.range(0));
  }
  for (auto _ : state) {
    now += TimerWheel::kTick;
    wheel.advance(now);
  }
  state.counters["ns_a_timer_and_second"] = benchmark::Counter(
      static_cast<double>(state.iterations()) * static_cast<double>(state.range(0)) / 50.0 / 1e9,
      benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}
BENCHMARK(idle_timers)->ArgName("timers")->Arg(1'000)->Arg(1'000'000);

void arm_and_move(benchmark::State& state) {
  MonoTime now;
  TimerWheel wheel(now);
  IdleTimer timer;
  for (auto _ : state) {
    now += std::chrono::milliseconds(1);
    wheel.arm(timer, now + kFar);
  }
}
BENCHMARK(arm_and_move);

}  // namespace
}  // namespace madang
