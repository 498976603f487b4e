// SPDX-License-Identifier: Apache-2.0

// Patches between publications of one room, and rooms that send them.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine_fixture.h"
#include "madang/base/fossil_delta.h"
#include "madang/base/random.h"

namespace madang {
namespace {

// What a room might say of a match that goes on: 1 KB, and different in what `score`, `clock` and
// `viewers` tell.
std::string match(int score, int clock, int viewers) {
  std::string text = fmt::format(
      R"({{"match":"8f14e45f-ceea-467f-a8b2-3f1c9d0e7a11","league":"K League 1","round":17,)"
      R"("score":{},"players":[)",
      score);
  static constexpr const char* kNames[] = {"Kim Minjae", "Son Jihoon",  "Park Seoyeon", "Lee Doyun",
                                           "Choi Yujin", "Jung Haneul", "Kang Taeyang"};
  for (int i = 0; i < 7; ++i) {
    text += fmt::format(R"({}{{"id":{},"name":"{}","team":"{}","goals":{},"shots":{},"fouls":{}}})",
                        i == 0 ? "" : ",", 1741 + 379 * i, kNames[i], i % 2 == 0 ? "home" : "away",
                        i % 3, 2 + i * 5 % 7, i % 4);
  }
  text += fmt::format(
      R"(],"clock":"{}:{:02}","stadium":{{"name":"Seoul World Cup Stadium","seats":66704,)"
      R"("weather":"cloudy","wind":3.4,"pitch":"grass"}},"viewers":{},"sponsors":["first of them",)"
      R"("the second one","a third"],"stream":"live","quality":[1080,720,480],)"
      R"("comment":"The second half has begun, and the home side presses from the whistle on.",)"
      R"("referee":"Ahn Jaewon","replay":false,"language":"en","delay":12}})",
      clock / 60, clock % 60, viewers);
  return text;
}

void encode(benchmark::State& state, const std::string& source, const std::string& target) {
  FossilDeltaEncoder encoder;
  std::string patch;
  bool smaller = false;
  for (auto _ : state) {
    smaller = encoder.encode(source, target, patch);
    benchmark::DoNotOptimize(patch.data());
  }
  if (smaller) {
    const auto made = apply_fossil_delta(source, patch, target.size());
    if (!made.ok() || *made != target) state.SkipWithError("the patch is wrong");
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(target.size()));
  state.counters["bytes"] = static_cast<double>(target.size());
  state.counters["percent"] = 100.0 * static_cast<double>(smaller ? patch.size() : target.size()) /
                              static_cast<double>(target.size());
}

void delta_of_three_fields(benchmark::State& state) {
  encode(state, match(1, 2765, 18'231), match(2, 2791, 9'874));
}
BENCHMARK(delta_of_three_fields);

void delta_of_one_field(benchmark::State& state) {
  encode(state, match(1, 2765, 18'231), match(1, 2765, 9'874));
}
BENCHMARK(delta_of_one_field);

// Nothing in common, where the search is longest.
void delta_of_strangers(benchmark::State& state) {
  SeededRandom random(1);
  std::string source(static_cast<std::size_t>(state.range(0)), '\0');
  std::string target = source;
  for (char& byte : source)
    byte = static_cast<char>(random.next());
  for (char& byte : target)
    byte = static_cast<char>(random.next());
  encode(state, source, target);
}
BENCHMARK(delta_of_strangers)->ArgName("bytes")->Arg(1 << 10)->Arg(1 << 20);

void apply_delta_of_three_fields(benchmark::State& state) {
  const std::string source = match(1, 2765, 18'231);
  const std::string target = match(2, 2791, 9'874);
  FossilDeltaEncoder encoder;
  std::string patch;
  if (!encoder.encode(source, target, patch)) state.SkipWithError("there is no patch");
  for (auto _ : state) {
    auto made = apply_fossil_delta(source, patch, target.size());
    if (!made.ok() || made->size() != target.size()) {
      state.SkipWithError("the patch is wrong");
      break;
    }
    benchmark::DoNotOptimize(made);
  }
}
BENCHMARK(apply_delta_of_three_fields);

// One message a turn to 1,000 members that read deltas, or that do not. An item is a delivery.
void publish_to_delta_room(benchmark::State& state) {
  constexpr std::size_t kMembers = 1'000;
  std::vector<Payload> messages;
  for (int i = 0; i < 64; ++i)
    messages.push_back(Payload::of_json(match(i / 20, 2765 + i, 18'231 + 37 * i % 100)));
  RoomOptions room;
  room.delta = true;
  BenchEngine bench(room);
  const std::string_view asks = state.range(0) != 0 ? R"(,"delta":"fossil")" : "";
  for (std::size_t i = 0; i < kMembers; ++i) {
    BenchEngine::send(*bench.connect(),
                      fmt::format(R"({{"id":2,"subscribe":{{"channel":"r"{}}}}})", asks));
  }
  bench.turn();
  std::size_t next = 0;
  const auto publish = [&] {
    bench.engine->publish("r", messages[next++ % messages.size()]);
    bench.turn();
  };
  publish();  // the first is whole for all
  const std::size_t bytes_before = bench.bytes();
  for (auto _ : state)
    publish();
  const auto deliveries = static_cast<std::size_t>(state.iterations()) * kMembers;
  if (bench.engine->counters().delivered != deliveries + kMembers) {
    state.SkipWithError("not everything was delivered");
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(deliveries));
  state.counters["bytes_a_message"] =
      static_cast<double>(bench.bytes() - bytes_before) / static_cast<double>(deliveries);
}
BENCHMARK(publish_to_delta_room)->ArgName("reads_deltas")->Arg(0)->Arg(1);

}  // namespace
}  // namespace madang
