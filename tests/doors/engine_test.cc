// SPDX-License-Identifier: Apache-2.0
#include "madang/engine/engine.h"

#include <doctest/doctest.h>

#include <future>

#include "madang/doors/server.h"
#include "madang/protocol/centrifuge/json_session.h"
#include "server_fixture.h"

namespace madang {

namespace {

using namespace std::chrono_literals;

// Reads messages until one has `text` in it.
bool receive_until(TcpClient& client, std::string_view text) {
  for (int i = 0; i < 20; ++i) {
    if (receive_frame(client).payload.find(text) != std::string::npos) return true;
  }
  return false;
}

TcpClient joined_client(std::uint16_t port, const std::string& extensions) {
  TcpClient client(port);
  client.send(upgrade_request(extensions));
  REQUIRE(receive_head(client).starts_with("HTTP/1.1 101 "));
  client.send(
      text_frame("{\"id\":1,\"connect\":{}}\n{\"id\":2,\"subscribe\":{\"channel\":\"room\"}}"));
  REQUIRE(receive_until(client, "\"subscribe\""));
  return client;
}

}  // namespace

TEST_CASE("the whole: clients of a real engine meet in a room over real sockets, and drain") {
  const auto lanes_owner = lanes_of_each_kind({.lanes = 2});
  Lanes& lanes = *lanes_owner;
  Handlers handlers;
  handlers.connect = [](Session&, const ConnectRequest&, Reply<ConnectAnswer> reply) {
    reply.accept();
  };
  handlers.join = [](Session&, const JoinRequest&, Reply<JoinAnswer> reply) { reply.accept(); };
  EngineOptions engine_options;
  engine_options.lanes = lanes.schedulers();
  engine_options.handlers = std::move(handlers);
  auto engine = Engine::create(std::move(engine_options));
  REQUIRE(engine.ok());
  auto server = Server::start(
      {.engine = engine->get(), .lanes = &lanes, .protocols = {{.make = [](const http::Request&) {
                                                   return centrifuge::make_json_session();
                                                 }}}});
  REQUIRE(server.ok());
  lanes.start();

  const std::uint16_t port = (*server)->port();
  std::vector<TcpClient> clients;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(joined_client(port, ""));
  }
  (*engine)->publish("room", "{\"text\":\"to all\"}");
  for (TcpClient& client : clients) {
    CHECK(receive_until(client, "to all"));
  }
  clients.front().reset();
  CHECK(eventually([&] { return (*engine)->counters().sessions == 19; }));

  std::promise<void> stopped;
  std::promise<void> drained;
  (*server)->stop([&] { stopped.set_value(); });
  (*engine)->drain({}, [&] { drained.set_value(); });
  for (std::size_t i = 1; i < clients.size(); ++i) {
    CHECK(websocket::parse_close(receive_frame(clients[i]).payload).code == 3001);
    clients[i].close();
  }
  CHECK(stopped.get_future().wait_for(10s) == std::future_status::ready);
  CHECK(drained.get_future().wait_for(10s) == std::future_status::ready);
  CHECK((*server)->wait_until_closed(5s));
  lanes.stop();
  lanes.join();
  CHECK((*engine)->counters_now().waiting == 0);
}

}  // namespace madang
