// SPDX-License-Identifier: Apache-2.0

// Coming, going, and reading what a room knows.
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <malloc.h>

#include <memory>
#include <string>
#include <vector>

#include "engine_fixture.h"
#include "madang/base/random.h"
#include "madang/room/room.h"

namespace madang {
namespace {

RoomOptions with_presence() {
  RoomOptions options;
  options.presence = true;
  return options;
}

ClientInfoRef someone(SeededRandom& random, const std::string& user) {
  ClientInfo info;
  info.user = user;
  const auto high = random.next();
  info.client = ClientId::from_bits(high, random.next());
  return std::make_shared<const ClientInfo>(std::move(info));
}

// The room's own state, with presence, while `range(0)` others are in it: everybody in and
// everybody out again, in a random order. An item is a join or a leave.
void room_joins_and_leaves(benchmark::State& state) {
  SeededRandom random(7);
  Room room("r", with_presence(), "epoch");
  for (std::int64_t i = 0; i < state.range(0); ++i)
    room.enter(someone(random, {}));
  std::vector<ClientInfoRef> movers;
  for (int i = 0; i < 100'000; ++i)
    movers.push_back(someone(random, {}));
  for (auto _ : state) {
    for (const auto& mover : movers)
      room.enter(mover);
    for (const auto& mover : movers)
      room.leave(mover->client);
  }
  if (room.members() != static_cast<std::uint64_t>(state.range(0)))
    state.SkipWithError("miscounted");
  state.SetItemsProcessed(state.iterations() * 200'000);
}
BENCHMARK(room_joins_and_leaves)->ArgName("others")->Arg(0)->Arg(1'000'000);

// The whole engine: a host puts a session into a room with presence and out again.
void session_joins_and_leaves(benchmark::State& state) {
  BenchEngine bench(with_presence());
  for (std::int64_t i = 0; i < state.range(0); ++i)
    bench.join("r");
  bench.connect();
  bench.turn();
  Session& session = *bench.sessions.back();
  for (auto _ : state) {
    if (!session.join("r", {}).ok() || !session.leave("r", kLeftByClient).ok()) {
      state.SkipWithError("refused");
      break;
    }
    bench.turn();
  }
  state.SetItemsProcessed(state.iterations() * 2);
}
BENCHMARK(session_joins_and_leaves)->ArgName("others")->Arg(1)->Arg(100'000);

// What a session costs while nothing happens: it is in a room with presence and history.
void idle_session(benchmark::State& state) {
  constexpr std::size_t kSessions = 100'000;
  RoomOptions options = with_presence();
  options.history.messages_max = 1'000;
  for (auto _ : state) {
    BenchEngine bench(options);
    bench.reserve(kSessions);
    bench.join("r");
    const std::size_t before = mallinfo2().uordblks;
    for (std::size_t i = 0; i < kSessions; ++i)
      bench.join("r");
    bench.turn();
    const std::size_t bytes = mallinfo2().uordblks - before;
    state.counters["bytes_a_session"] =
        static_cast<double>(bytes) / kSessions - static_cast<double>(sizeof(NullTransport));
  }
}
BENCHMARK(idle_session)->Iterations(1);

// A connection's whole life: attach, connect, subscribe, close.
void connect_join_and_close(benchmark::State& state) {
  BenchEngine bench(with_presence());
  for (auto _ : state) {
    bench.join("r")->closed(kClosed);
    bench.turn();
    bench.sessions.clear();
    bench.forget_transports();
  }
}
BENCHMARK(connect_join_and_close);

// A client comes back and missed 100 messages.
void recover_100_messages(benchmark::State& state) {
  RoomOptions options;
  options.history.messages_max = 1'000;
  BenchEngine bench(options);
  std::string epoch;
  for (int i = 0; i < 200; ++i) {
    bench.engine->publish("r", fmt::format("\"{:x>126}\"", ""), {},
                          [&](auto result) { epoch = result->position.epoch; });
  }
  Connection* const connection = bench.connect();
  const std::string subscribe =
      R"({"id":2,"subscribe":{"channel":"r","recover":true,"offset":100,"epoch":")" + epoch +
      "\"}}";
  const std::size_t before = bench.bytes();
  for (auto _ : state) {
    BenchEngine::send(*connection, subscribe);
    BenchEngine::send(*connection, R"({"id":3,"unsubscribe":{"channel":"r"}})");
    bench.turn();
  }
  if (bench.bytes() < before + static_cast<std::size_t>(state.iterations()) * 100 * 128) {
    state.SkipWithError("not all was recovered");
  }
  state.SetItemsProcessed(state.iterations() * 100);
}
BENCHMARK(recover_100_messages);

void list_presence(benchmark::State& state) {
  BenchEngine bench(with_presence());
  for (std::int64_t i = 0; i < state.range(0); ++i)
    bench.join("r");
  for (auto _ : state) {
    auto members = bench.engine->presence("r");
    if (!members.ok() || members->size() != static_cast<std::size_t>(state.range(0))) {
      state.SkipWithError("not all were listed");
      break;
    }
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(list_presence)->ArgName("members")->Arg(100)->Arg(1'000);

}  // namespace
}  // namespace madang
