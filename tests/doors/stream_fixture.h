// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <doctest/doctest.h>

#include <functional>
#include <future>
#include <memory>
#include <string>
#include <utility>

#include "madang/doors/server.h"
#include "madang/engine/engine.h"
#include "madang/protocol/centrifuge/json_session.h"
#include "server_fixture.h"
#include "stream_client.h"

namespace madang {

inline constexpr std::string_view kConnect = R"({"id":1,"connect":{}})";

// A real server on loopback before a real engine: everybody may everything.
struct StreamFixture {
  explicit StreamFixture(const std::function<void(EngineOptions&, ServerOptions&)>& change = {}) {
    EngineOptions engine_options;
    engine_options.lanes = lanes.schedulers();
    Handlers& handlers = engine_options.handlers;
    handlers.connect = [](Session& session, const ConnectRequest&, Reply<ConnectAnswer> reply) {
      ConnectAnswer answer;
      answer.user = session.transport().name;
      reply.accept(std::move(answer));
    };
    handlers.join = [](Session&, const JoinRequest&, Reply<JoinAnswer> reply) { reply.accept(); };
    handlers.publish = [](Session&, const PublishRequest&, auto reply) { reply.accept(); };
    handlers.rpc = [](Session&, const RpcRequest& request, Reply<RpcAnswer> reply) {
      reply.accept({request.data});
    };
    handlers.room_options = [](std::string_view) -> std::optional<RoomOptions> {
      RoomOptions options;
      options.history.messages_max = 1000;
      options.presence = true;
      return options;
    };
    ServerOptions options{.lanes = &lanes};
    options.stream_protocols = {{.make = [](const http::Request&) {
      return centrifuge::make_json_session({.pushes_disconnect = true});
    }}};
    if (change) change(engine_options, options);
    auto made_engine = Engine::create(std::move(engine_options));
    REQUIRE(made_engine.ok());
    engine = *std::move(made_engine);
    options.engine = engine.get();
    auto made = Server::start(std::move(options));
    REQUIRE(made.ok());
    server = *std::move(made);
    lanes.start();
  }
  ~StreamFixture() {
    lanes.stop();
    lanes.join();
  }

  std::uint16_t port() const { return server->port(); }

  // A stream whose client is connected, in either text format.
  StreamClient stream(bool events = false, int receive_buffer_bytes = 0) {
    StreamClient client(port(), events ? events_request(kConnect) : lines_request(kConnect),
                        receive_buffer_bytes);
    client.read_connected();
    return client;
  }

  // One that is also in a room.
  StreamClient member(std::string_view room, bool events = false, int receive_buffer_bytes = 0) {
    StreamClient client = stream(events, receive_buffer_bytes);
    REQUIRE(hand_in(client, R"({"id":2,"subscribe":{"channel":")" + std::string(room) + R"("}})") ==
            "204");
    REQUIRE_FALSE(client.until("\"subscribe\"").empty());
    return client;
  }

  // Hands in commands on a connection of their own and returns the status.
  std::string hand_in(const StreamClient& client, std::string_view commands) const {
    return ask_status(port(), client.handing_in(commands));
  }

  const std::unique_ptr<Lanes> owner = lanes_of_each_kind({.lanes = 2});
  Lanes& lanes = *owner;
  std::unique_ptr<Engine> engine;
  std::unique_ptr<Server> server;
};

}  // namespace madang
