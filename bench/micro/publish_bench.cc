// SPDX-License-Identifier: Apache-2.0

// The engine alone: what one delivery costs in the process, with the Centrifuge JSON encoding and a
// transport that throws the bytes away.
#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <vector>

#include "madang/engine.h"
#include "madang/protocol/centrifuge/json_session.h"
#include "madang/testing/manual_scheduler.h"
#include "madang/testing/memory_transport.h"

namespace madang {
namespace {

class NullTransport : public Transport {
 public:
  WriteResult write(std::span<const Payload> payloads) override {
    for (const Payload& payload : payloads)
      bytes += payload.size();
    return WriteResult::kDone;
  }
  void pause_reading() override {}
  void resume_reading() override {}
  void close(const CloseReason&) override {}
  const TransportInfo& info() const override { return info_; }
  std::size_t bytes = 0;

 private:
  TransportInfo info_;
};

// An engine with `members` sessions in one room, on one lane.
struct Room {
  explicit Room(std::size_t members) : lane(clock) {
    const auto yes = [](auto&, auto&, auto reply) { reply.accept(); };
    EngineOptions options;
    options.lanes = {&lane};
    options.handlers.connect = yes;
    options.handlers.join = yes;
    options.limits.deliveries_per_turn_max = 1'000'000;
    engine = Engine::create(std::move(options)).value();
    for (std::size_t i = 0; i < members; ++i) {
      transports.push_back(std::make_shared<NullTransport>());
      Connection* const connection =
          engine->attach(0, transports.back(), centrifuge::make_json_session(), framing, nullptr);
      connection->received(
          "{\"id\":1,\"connect\":{}}\n{\"id\":2,\"subscribe\":{\"channel\":\"r\"}}",
          MessageKind::kText);
    }
    clock.run_ready();
  }
  std::size_t bytes() const {
    std::size_t sum = 0;
    for (const auto& transport : transports)
      sum += transport->bytes;
    return sum;
  }

  ManualClock clock;
  ManualScheduler lane;
  LengthFraming framing;
  std::unique_ptr<Engine> engine;
  std::vector<std::shared_ptr<NullTransport>> transports;
};

// `range(0)` members, `range(1)` messages in a turn. An item is a delivery.
void publish(benchmark::State& state) {
  const auto members = static_cast<std::size_t>(state.range(0));
  const auto messages = static_cast<std::size_t>(state.range(1));
  Room room(members);
  const Payload text('"' + std::string(126, 'x') + '"');
  const std::size_t before = room.bytes();
  for (auto _ : state) {
    for (std::size_t i = 0; i < messages; ++i)
      room.engine->publish("r", text);
    room.clock.run_ready();
  }
  const auto deliveries = static_cast<std::size_t>(state.iterations()) * members * messages;
  if (room.engine->counters().delivered != deliveries || room.bytes() < before + 128 * deliveries) {
    state.SkipWithError("not everything was delivered");
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(deliveries));
  state.counters["per_delivery"] = benchmark::Counter(
      static_cast<double>(deliveries), benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}
BENCHMARK(publish)->Args({1, 1})->Args({1'000, 1})->Args({1'000, 16})->Args({100'000, 1});

void join_and_leave(benchmark::State& state) {
  Room room(1);
  for (auto _ : state) {
    auto transport = std::make_shared<NullTransport>();
    Connection* const connection =
        room.engine->attach(0, transport, centrifuge::make_json_session(), room.framing, nullptr);
    connection->received("{\"id\":1,\"connect\":{}}\n{\"id\":2,\"subscribe\":{\"channel\":\"r\"}}",
                         MessageKind::kText);
    connection->closed(kClosed);
    room.clock.run_ready();
  }
}
BENCHMARK(join_and_leave);

}  // namespace
}  // namespace madang

BENCHMARK_MAIN();
