// SPDX-License-Identifier: Apache-2.0

// Two lanes against one, each with a thread, a room and a thousand members of its own: what the
// shared parts of the engine cost those who share nothing else. Real time, because a lane that
// waits costs no processor time.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "engine_fixture.h"

namespace madang {
namespace {

constexpr std::size_t kMembers = 1'000;
constexpr int kRounds = 2'000;

// One without a clock that all lanes would read while one of them writes beside it. A real clock is
// no one's memory.
class TimelessScheduler : public ManualScheduler {
 public:
  using ManualScheduler::ManualScheduler;
  MonoTime now() const override { return {}; }
  WallTime wall_now() const override { return {}; }
};

// `range(0)` lanes, of one engine. An item is a delivery.
void lanes(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  ManualClock clocks[2];
  std::vector<std::unique_ptr<TimelessScheduler>> schedulers;
  const auto yes = [](auto&, auto&, auto reply) { reply.accept(); };
  EngineOptions options;
  for (std::size_t i = 0; i < count; ++i) {
    schedulers.push_back(std::make_unique<TimelessScheduler>(clocks[i]));
    options.lanes.push_back(schedulers.back().get());
  }
  options.handlers.connect = yes;
  options.handlers.join = yes;
  const auto engine = Engine::create(std::move(options)).value();
  LengthFraming framing;
  std::vector<std::shared_ptr<NullTransport>> transports;
  for (std::size_t lane = 0; lane < count; ++lane) {
    for (std::size_t i = 0; i < kMembers; ++i) {
      transports.push_back(std::make_shared<NullTransport>());
      Connection* const connection = engine->attach(
          lane, transports.back(), centrifuge::make_json_session(), framing, nullptr);
      BenchEngine::send(*connection, R"({"id":1,"connect":{}})");
      BenchEngine::send(*connection,
                        R"({"id":2,"subscribe":{"channel":"room)" + std::to_string(lane) + "\"}}");
    }
    clocks[lane].run_ready();
  }
  for (auto _ : state) {
    std::vector<std::thread> threads;
    for (std::size_t lane = 0; lane < count; ++lane) {
      threads.emplace_back([&, lane] {
        const std::string room = "room" + std::to_string(lane);
        const Payload text(fmt::format("\"{:x>126}\"", ""));
        for (int i = 0; i < kRounds; ++i) {
          engine->publish(room, text);
          clocks[lane].run_ready();
        }
      });
    }
    for (auto& thread : threads)
      thread.join();
  }
  const auto deliveries =
      static_cast<std::uint64_t>(state.iterations()) * kRounds * kMembers * count;
  if (engine->counters().delivered != deliveries) state.SkipWithError("not everything came");
  state.SetItemsProcessed(static_cast<std::int64_t>(deliveries));
}
BENCHMARK(lanes)->ArgName("lanes")->Arg(1)->Arg(2)->UseRealTime()->MeasureProcessCPUTime();

}  // namespace
}  // namespace madang

BENCHMARK_MAIN();
