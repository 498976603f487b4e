// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <doctest/doctest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "echo_engine.h"
#include "madang/doors/server.h"
#include "transport/each_kind.h"
#include "transport/frames.h"
#include "transport/tcp_client.h"

namespace madang {

// Polls until `condition` holds, for at most ten seconds.
template <typename Condition>
bool eventually(Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

// A real server on loopback, before an engine that echoes.
struct ServerFixture {
  explicit ServerFixture(const std::function<void(ServerOptions&)>& change = nullptr) {
    ServerOptions options{.engine = &engine, .lanes = &lanes};
    options.protocols = {
        {.make = [](const http::Request&) { return std::make_unique<NullProtocol>(); }}};
    options.router.handle("GET", "/page", [](const http::Request&, http::Responder responder) {
      responder.send(http::text_response(200, "a page"));
    });
    if (change) change(options);
    auto made = Server::start(std::move(options));
    REQUIRE(made.ok());
    server = *std::move(made);
    lanes.start();
  }
  ~ServerFixture() {
    lanes.stop();
    lanes.join();
  }

  TcpClient connect() { return TcpClient(server->port()); }

  const std::unique_ptr<Lanes> owner = lanes_of_each_kind({.lanes = 2});
  Lanes& lanes = *owner;
  EchoEngine engine{lanes};
  std::unique_ptr<Server> server;
};

inline constexpr std::string_view kUpgrade =
    "GET /connection/websocket HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
    "Connection: keep-alive, Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

inline std::string upgrade_request(std::string_view more_headers = {}) {
  return std::string(kUpgrade).append(more_headers).append("\r\n");
}

// The same for the path with a query, "?name=value".
inline std::string upgrade_request_with(std::string_view query,
                                        std::string_view more_headers = {}) {
  std::string request = upgrade_request(more_headers);
  return request.insert(request.find(" HTTP/1.1"), query);
}

// Reads up to the end of a response's head.
inline std::string receive_head(TcpClient& client) {
  std::string head;
  while (!head.ends_with("\r\n\r\n")) {
    const std::string byte = client.receive_some(1);
    if (byte.empty()) break;
    head += byte;
  }
  return head;
}

inline ServerFrame receive_frame(TcpClient& client) {
  std::string bytes;
  for (;;) {
    auto frames = take_frames(bytes);
    if (!frames.empty()) return frames.front();
    const std::string byte = client.receive_some(1);
    REQUIRE_FALSE(byte.empty());
    bytes += byte;
  }
}

// A client past its handshake, and past the engine's "hello".
inline TcpClient websocket_client(ServerFixture& test) {
  TcpClient client = test.connect();
  client.send(upgrade_request());
  REQUIRE(receive_head(client).starts_with("HTTP/1.1 101 "));
  REQUIRE(receive_frame(client).payload == "hello");
  return client;
}

}  // namespace madang
