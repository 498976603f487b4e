// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "madang/engine.h"
#include "madang/protocol/centrifuge/json_session.h"
#include "madang/testing/manual_scheduler.h"
#include "madang/testing/memory_transport.h"

namespace madang {

// Counts the bytes and throws them away.
class NullTransport : public Transport {
 public:
  WriteResult write(std::span<const Payload> payloads) override {
    for (const Payload& payload : payloads)
      bytes += payload.size();
    return WriteResult::kDone;
  }
  void close(const CloseReason&) override {}
  const TransportInfo& info() const override {
    static const TransportInfo none;
    return none;
  }
  std::size_t bytes = 0;
};

// An engine on one lane with the Centrifuge JSON encoding, and sessions in it that read nothing.
class BenchEngine {
 public:
  explicit BenchEngine(const RoomOptions& room = {}) : lane_(clock_) {
    const auto yes = [](auto&, auto&, auto reply) { reply.accept(); };
    EngineOptions options;
    options.lanes = {&lane_};
    options.handlers.connect = yes;
    options.handlers.join = yes;
    options.handlers.connected = [this](Session& session) { sessions.push_back(&session); };
    options.handlers.room_options = [room](std::string_view) { return room; };
    options.limits.deliveries_per_turn_max = 1'000'000;
    options.limits.command_burst = 2'000'000'000;
    engine = Engine::create(std::move(options)).value();
  }

  // For this many sessions, so that they are not counted among what the engine needs.
  void reserve(std::size_t count) {
    transports_.reserve(count + 1);
    sessions.reserve(count + 1);
  }

  // A session that is connected and in no room.
  Connection* connect() {
    transports_.push_back(std::make_shared<NullTransport>());
    Connection* const connection =
        engine->attach(0, transports_.back(), centrifuge::make_json_session(), framing_, nullptr);
    send(*connection, R"({"id":1,"connect":{}})");
    return connection;
  }
  Connection* join(const std::string& room) {
    Connection* const connection = connect();
    send(*connection, R"({"id":2,"subscribe":{"channel":")" + room + "\"}}");
    return connection;
  }
  static void send(Connection& connection, std::string_view command) {
    connection.received(command, MessageKind::kText);
  }
  void turn() { clock_.run_ready(); }

  // Those whose sessions have gone are of no more use.
  void forget_transports() { transports_.clear(); }

  // What all sessions were sent.
  std::size_t bytes() const {
    std::size_t sum = 0;
    for (const auto& transport : transports_)
      sum += transport->bytes;
    return sum;
  }

 private:
  ManualClock clock_;
  ManualScheduler lane_;
  LengthFraming framing_;
  std::vector<std::shared_ptr<NullTransport>> transports_;

 public:
  std::vector<Session*> sessions;  // in the order they connected
  std::unique_ptr<Engine> engine;
};

}  // namespace madang
