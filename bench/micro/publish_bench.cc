// SPDX-License-Identifier: Apache-2.0

// The engine alone: what one delivery costs in the process.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <string>
#include <vector>

#include "engine_fixture.h"

namespace madang {
namespace {

const Payload kText(fmt::format("\"{:x>126}\"", ""));

void report_deliveries(benchmark::State& state, const BenchEngine& bench, std::size_t a_round,
                       std::size_t bytes_before) {
  const auto deliveries = static_cast<std::size_t>(state.iterations()) * a_round;
  if (bench.engine->counters().delivered != deliveries ||
      bench.bytes() < bytes_before + 128 * deliveries) {
    state.SkipWithError("not everything was delivered");
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(deliveries));
  state.counters["per_delivery"] = benchmark::Counter(
      static_cast<double>(deliveries), benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

// `range(0)` members of one room, `range(1)` messages in a turn. An item is a delivery.
void publish(benchmark::State& state) {
  const auto members = static_cast<std::size_t>(state.range(0));
  const auto messages = static_cast<std::size_t>(state.range(1));
  BenchEngine bench;
  for (std::size_t i = 0; i < members; ++i)
    bench.join("r");
  bench.turn();
  const std::size_t before = bench.bytes();
  for (auto _ : state) {
    for (std::size_t i = 0; i < messages; ++i)
      bench.engine->publish("r", kText);
    bench.turn();
  }
  report_deliveries(state, bench, members * messages, before);
}
BENCHMARK(publish)
    ->ArgNames({"members", "messages"})
    ->Args({1, 1})
    ->Args({10, 1})
    ->Args({1'000, 1})
    ->Args({1'000, 16})
    ->Args({1'000, 256})
    ->Args({10'000, 1})
    ->Args({100'000, 1});

// A message to each of `range(0)` rooms of `range(1)` members.
void publish_to_rooms(benchmark::State& state) {
  const auto rooms = static_cast<std::size_t>(state.range(0));
  const auto members = static_cast<std::size_t>(state.range(1));
  BenchEngine bench;
  std::vector<std::string> names;
  for (std::size_t room = 0; room < rooms; ++room) {
    names.push_back("room" + std::to_string(room));
    for (std::size_t i = 0; i < members; ++i)
      bench.join(names.back());
  }
  bench.turn();
  const std::size_t before = bench.bytes();
  for (auto _ : state) {
    for (const std::string& name : names)
      bench.engine->publish(name, kText);
    bench.turn();
  }
  report_deliveries(state, bench, rooms * members, before);
}
BENCHMARK(publish_to_rooms)->ArgNames({"rooms", "members"})->Args({10'000, 10});

}  // namespace
}  // namespace madang
