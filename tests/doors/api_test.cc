// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <string>

#include "madang/api/http_api.h"
#include "madang/engine.h"
#include "madang/protocol/centrifuge/json_session.h"
#include "server_fixture.h"

namespace madang {
namespace {

constexpr std::string_view kKey = "0123456789abcdef";

std::string post(std::string_view method, std::string_view body) {
  std::string request = "POST /api/" + std::string(method) + " HTTP/1.1\r\nHost: localhost\r\n";
  request += "X-API-Key: " + std::string(kKey) + "\r\nContent-Length: ";
  return request + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

}  // namespace

TEST_CASE("the whole: a backend publishes over HTTP, one call after the other, to a WebSocket") {
  const auto lanes = lanes_of_each_kind({.lanes = 2});
  EngineOptions engine_options;
  engine_options.lanes = lanes->schedulers();
  engine_options.handlers.connect = [](Session&, const ConnectRequest&,
                                       Reply<ConnectAnswer> reply) { reply.accept(); };
  engine_options.handlers.join = [](Session&, const JoinRequest&, Reply<JoinAnswer> reply) {
    reply.accept();
  };
  auto engine = Engine::create(std::move(engine_options));
  REQUIRE(engine.ok());
  ServerOptions options{.engine = engine->get(), .lanes = lanes.get()};
  options.protocols = {
      {.make = [](const http::Request&) { return centrifuge::make_json_session(); }}};
  options.limits.request.body_bytes_max = 64 * 1024;
  HttpApiOptions api;
  api.key = kKey;
  api.api.engine = engine->get();
  REQUIRE(add_http_api(options.router, std::move(api)).ok());
  auto server = Server::start(std::move(options));
  REQUIRE(server.ok());
  lanes->start();

  TcpClient client((*server)->port());
  client.send(upgrade_request());
  REQUIRE(receive_head(client).starts_with("HTTP/1.1 101 "));
  client.send(
      text_frame("{\"id\":1,\"connect\":{}}\n{\"id\":2,\"subscribe\":{\"channel\":\"room\"}}"));
  while (receive_frame(client).payload.find("\"id\":2") == std::string::npos) {
  }

  TcpClient backend((*server)->port());
  for (int i = 0; i < 20; ++i) {
    const std::string number = std::to_string(i);
    backend.send(post("publish", R"({"channel":"room","data":)" + number + "}"));
    CHECK(receive_head(backend).starts_with("HTTP/1.1 200 "));
    CHECK(backend.receive_all(13) == R"({"result":{}})");
    CHECK(receive_frame(client).payload ==
          R"({"push":{"channel":"room","pub":{"data":)" + number + "}}}");
  }
  lanes->stop();
  lanes->join();
}

}  // namespace madang
