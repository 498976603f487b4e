// SPDX-License-Identifier: Apache-2.0
#include <dirent.h>
#include <doctest/doctest.h>

#include <future>
#include <list>

#include "madang/base/random.h"
#include "madang/transport/websocket/deflate.h"
#include "server_fixture.h"

namespace madang {

namespace {

using namespace std::chrono_literals;
using websocket::Opcode;

std::size_t open_files() {
  std::size_t files = 0;
  DIR* const directory = ::opendir("/proc/self/fd");
  while (::readdir(directory) != nullptr) {
    ++files;
  }
  ::closedir(directory);
  return files;
}

std::string answer_to(ServerFixture& test, std::string_view request) {
  TcpClient client = test.connect();
  client.send(request);
  return receive_head(client);
}

}  // namespace

TEST_CASE("upgrade: a good handshake is answered with 101, and frames go both ways") {
  ServerFixture test;
  TcpClient client = test.connect();
  client.send(upgrade_request());
  const std::string head = receive_head(client);
  CHECK(head.starts_with("HTTP/1.1 101 Switching Protocols\r\n"));
  CHECK(head.find("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n") != head.npos);
  CHECK(head.find("\r\nConnection: Upgrade\r\n") != head.npos);
  CHECK(receive_frame(client).payload == "hello");
  client.send(text_frame("there"));
  CHECK(receive_frame(client).payload == "there");
  CHECK(test.server->counters().upgrades == 1);
  CHECK(test.server->counters().handshakes == 0);
}

TEST_CASE("upgrade: frames that came with the request are answered after it") {
  ServerFixture test;
  TcpClient client = test.connect();
  client.send(upgrade_request() + text_frame("one") + text_frame("two").substr(0, 5));
  REQUIRE(receive_head(client).starts_with("HTTP/1.1 101 "));
  CHECK(receive_frame(client).payload == "hello");
  CHECK(receive_frame(client).payload == "one");
  client.send(text_frame("two").substr(5));
  CHECK(receive_frame(client).payload == "two");
}

TEST_CASE("upgrade: a first message in the request comes before the first frame") {
  ServerFixture test;
  {
    TcpClient client = test.connect();
    client.send(upgrade_request_with("?a=b&cf_connect=%66irst%20%26+one") + text_frame("second"));
    REQUIRE(receive_head(client).starts_with("HTTP/1.1 101 "));
    CHECK(receive_frame(client).payload == "hello");
    CHECK(receive_frame(client).payload == "first & one");
    CHECK(receive_frame(client).payload == "second");
    client.send(text_frame("third"));
    CHECK(receive_frame(client).payload == "third");
  }
  {
    TcpClient client = test.connect();
    client.send(upgrade_request_with("?cf_connect=close") + text_frame("too late"));
    REQUIRE(receive_head(client).starts_with("HTTP/1.1 101 "));
    CHECK(receive_frame(client).payload == "hello");
    CHECK(receive_frame(client).header.opcode == Opcode::kClose);
  }
  for (const std::string_view query : {"?", "?cf_connect", "?cf_connect=", "?connect=x"}) {
    TcpClient client = test.connect();
    client.send(upgrade_request_with(query) + text_frame("only"));
    REQUIRE(receive_head(client).starts_with("HTTP/1.1 101 "));
    CHECK(receive_frame(client).payload == "hello");
    CHECK(receive_frame(client).payload == "only");
  }
  {
    TcpClient client = test.connect();
    client.send(upgrade_request_with("?cf_connect=a%ffb") + text_frame("too late"));
    REQUIRE(receive_head(client).starts_with("HTTP/1.1 101 "));
    CHECK(receive_frame(client).payload == "hello");
    CHECK(websocket::parse_close(receive_frame(client).payload).code == 1007);
  }
  for (const std::string_view bad : {"%", "%4", "%zz"}) {
    const std::string query = "?cf_connect=" + std::string(bad);
    CHECK(answer_to(test, upgrade_request_with(query)).starts_with("HTTP/1.1 400 "));
  }
  const std::string long_query = "?cf_connect=" + std::string(10'000, 'x');
  CHECK(answer_to(test, upgrade_request_with(long_query)).starts_with("HTTP/1.1 414 "));
  CHECK(eventually([&] { return test.engine.sessions == 0; }));
}

TEST_CASE("upgrade: a first message in the request is held to the bound of any message") {
  ServerFixture test([](ServerOptions& options) { options.websocket.message_bytes_max = 10; });
  for (const std::size_t size : {std::size_t{10}, std::size_t{11}}) {
    TcpClient client = test.connect();
    client.send(upgrade_request_with("?cf_connect=" + std::string(size, 'x')));
    REQUIRE(receive_head(client).starts_with("HTTP/1.1 101 "));
    CHECK(receive_frame(client).payload == "hello");
    const ServerFrame frame = receive_frame(client);
    if (size == 10) {
      CHECK(frame.payload == std::string(size, 'x'));
    } else {
      CHECK(websocket::parse_close(frame.payload).code == 1009);
    }
  }
}

TEST_CASE("upgrade: a handshake cut anywhere works just the same") {
  ServerFixture test;
  const std::string request = upgrade_request() + text_frame("one");
  for (std::size_t cut = 1; cut < request.size(); cut += 7) {
    TcpClient client = test.connect();
    client.send(request.substr(0, cut));
    client.send(request.substr(cut));
    REQUIRE(receive_head(client).starts_with("HTTP/1.1 101 "));
    CHECK(receive_frame(client).payload == "hello");
    CHECK(receive_frame(client).payload == "one");
  }
}

TEST_CASE("upgrade: each refusal has its status") {
  ServerFixture test;
  CHECK(answer_to(test, upgrade_request("Origin: http://evil.example\r\n"))
            .starts_with("HTTP/1.1 403 "));
  CHECK(answer_to(test, upgrade_request("Origin: null\r\n")).starts_with("HTTP/1.1 403 "));
  CHECK(answer_to(test, upgrade_request("Origin: http://localhost\r\n"))
            .starts_with("HTTP/1.1 101 "));
  CHECK(test.server->counters().origins_refused == 2);

  const std::string plain = "GET /connection/websocket HTTP/1.1\r\nHost: localhost\r\n\r\n";
  const std::string upgrade_needed = answer_to(test, plain);
  CHECK(upgrade_needed.starts_with("HTTP/1.1 426 "));
  CHECK(upgrade_needed.find("\r\nUpgrade: websocket\r\n") != upgrade_needed.npos);
  CHECK(upgrade_needed.find("\r\nConnection: close, Upgrade\r\n") != upgrade_needed.npos);
  CHECK(answer_to(test, upgrade_request("Sec-WebSocket-Version: 8\r\n"))
            .starts_with("HTTP/1.1 426 "));
  CHECK(answer_to(test, upgrade_request("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"))
            .starts_with("HTTP/1.1 400 "));
  CHECK(test.server->counters().handshakes_refused == 3);

  test.engine.refuses = true;
  const std::string full = answer_to(test, upgrade_request());
  CHECK(full.starts_with("HTTP/1.1 503 "));
  CHECK(full.find("\r\nRetry-After: 5\r\n") != full.npos);
  CHECK(test.server->counters().sessions_refused == 1);
}

TEST_CASE("upgrade: without an Origin only where the host allows it") {
  ServerFixture test([](ServerOptions& options) { options.allow_absent_origin = false; });
  CHECK(answer_to(test, upgrade_request()).starts_with("HTTP/1.1 403 "));
}

TEST_CASE("upgrade: the protocol follows the client's list, and a factory may refuse or throw") {
  ServerFixture test([](ServerOptions& options) {
    const auto make = [](const http::Request&) { return std::make_unique<NullProtocol>(); };
    options.protocols = {
        {.subprotocol = "binary", .kind = MessageKind::kBinary, .make = make},
        {.subprotocol = "refuses", .make = [](const http::Request&) { return nullptr; }},
        {.subprotocol = "throws",
         .make = [](const http::Request&) -> std::unique_ptr<ProtocolSession> { throw 1; }},
    };
  });
  TcpClient client = test.connect();
  client.send(upgrade_request("Sec-WebSocket-Protocol: other, binary\r\n"));
  const std::string head = receive_head(client);
  CHECK(head.find("\r\nSec-WebSocket-Protocol: binary\r\n") != head.npos);
  CHECK(receive_frame(client).header.opcode == Opcode::kBinary);
  CHECK(answer_to(test, upgrade_request()).starts_with("HTTP/1.1 400 "));
  CHECK(answer_to(test, upgrade_request("Sec-WebSocket-Protocol: refuses\r\n"))
            .starts_with("HTTP/1.1 403 "));
  CHECK(answer_to(test, upgrade_request("Sec-WebSocket-Protocol: throws\r\n"))
            .starts_with("HTTP/1.1 500 "));
}

TEST_CASE("upgrade: compression is agreed on only where it is switched on, and then used") {
  const std::string offer =
      "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";
  ServerFixture off;
  CHECK(answer_to(off, upgrade_request(offer)).find("permessage-deflate") == std::string::npos);

  ServerFixture on([](ServerOptions& options) { options.compression = true; });
  TcpClient client = on.connect();
  client.send(upgrade_request(offer));
  CHECK(receive_head(client).find("permessage-deflate") != std::string::npos);
  CHECK(receive_frame(client).payload == "hello");
  websocket::Deflater deflater;
  std::string compressed;
  deflater.compress(std::string(10'000, 'z'), &compressed);
  client.send(client_frame(Opcode::kText, compressed, true, true));
  const ServerFrame echo = receive_frame(client);
  CHECK(echo.header.compressed);
  websocket::Inflater inflater;
  std::string message;
  REQUIRE(inflater.inflate(echo.payload, {}, &message) == websocket::InflateStatus::kOk);
  CHECK(message == std::string(10'000, 'z'));
}

TEST_CASE("session: pings are answered, and both sides can close with a code") {
  ServerFixture test;
  TcpClient client = websocket_client(test);
  client.send(client_frame(Opcode::kPing, "are you there"));
  const ServerFrame pong = receive_frame(client);
  CHECK(pong.header.opcode == Opcode::kPong);
  CHECK(pong.payload == "are you there");
  client.send(client_close(1000, "bye"));
  const ServerFrame close = receive_frame(client);
  CHECK(close.header.opcode == Opcode::kClose);
  CHECK(websocket::parse_close(close.payload).code == 1000);
  CHECK(client.at_end());

  TcpClient other = websocket_client(test);
  other.send(text_frame("close"));
  const auto told = receive_frame(other);
  CHECK(websocket::parse_close(told.payload).code == 3001);
  CHECK(websocket::parse_close(told.payload).reason == "shutdown");
  other.send(client_close(3001));
  CHECK(other.at_end());
}

TEST_CASE("session: what breaks the protocol gets its code, is counted, and others go on") {
  ServerFixture test;
  TcpClient neighbour = websocket_client(test);
  struct Case {
    std::string bytes;
    std::uint16_t code;
  };
  const Case cases[] = {
      {server_frame(Opcode::kText, "unmasked"), 1002},
      {text_frame("\xc3\x28"), 1007},
      {client_frame(Opcode::kText, std::string(70'000, 'x')), 1009},
      {std::string("\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff", 10), 1002},
  };
  for (const Case& bad : cases) {
    TcpClient client = websocket_client(test);
    client.send(bad.bytes);
    CHECK(websocket::parse_close(receive_frame(client).payload).code == bad.code);
    CHECK(client.at_end());
    CHECK_FALSE(client.was_reset());
  }
  neighbour.send(text_frame("still there"));
  CHECK(receive_frame(neighbour).payload == "still there");
  const ServerCounters counters = test.server->counters();
  CHECK(counters.ws_protocol_errors == 2);
  CHECK(counters.ws_invalid_payloads == 1);
  CHECK(counters.ws_messages_too_big == 1);
}

TEST_CASE("session: a client that vanishes ends its session") {
  ServerFixture test;
  TcpClient client = websocket_client(test);
  REQUIRE(eventually([&] { return test.engine.sessions == 1; }));
  client.reset();
  CHECK(eventually([&] { return test.engine.sessions == 0; }));
  CHECK(test.engine.last_closed_code == kClosed.code);
  CHECK(test.server->wait_until_closed(5s));
}

TEST_CASE("churn: after 600 connections that end in every way, nothing is left open") {
  ServerFixture test;
  { TcpClient warm_up = websocket_client(test); }
  REQUIRE(test.server->wait_until_closed(5s));
  const std::size_t files_before = open_files();
  SeededRandom random(1);
  std::list<TcpClient> clients;
  const std::string stream = upgrade_request() + text_frame("one") + client_close(1000);
  for (int i = 0; i < 600; ++i) {
    TcpClient& client = clients.emplace_back(test.connect());
    // Any prefix of a connection's life, and then gone, with a goodbye or without.
    client.send(std::string_view(stream).substr(0, random.below(stream.size() + 1)));
    if (clients.size() > 50) {
      if (random.below(2) == 0) clients.front().reset();
      clients.pop_front();
    }
  }
  clients.clear();
  CHECK(test.server->wait_until_closed(10s));
  CHECK(eventually([&] { return test.engine.sessions == 0; }));
  CHECK(eventually([&] { return open_files() == files_before; }));
  const ServerCounters counters = test.server->counters();
  CHECK(counters.accepted == 601);
  CHECK(counters.handshakes == 0);
  CHECK(counters.connections == 0);
}

TEST_CASE("stop: idle clients are let go, requests under way are answered, sessions drain") {
  std::promise<http::Responder> asked;
  ServerFixture test([&](ServerOptions& options) {
    options.router.handle("GET", "/wait", [&](const http::Request&, http::Responder responder) {
      asked.set_value(std::move(responder));
    });
  });
  TcpClient session = websocket_client(test);
  TcpClient idle = test.connect();
  TcpClient waits = test.connect();
  waits.send("GET /wait HTTP/1.1\r\nHost: localhost\r\n\r\n");
  http::Responder responder = asked.get_future().get();

  std::promise<void> stopped;
  auto has_stopped = stopped.get_future();
  const std::uint16_t port = test.server->port();
  test.server->stop([&] { stopped.set_value(); });
  CHECK(idle.at_end());
  session.send(text_frame("still served"));
  CHECK(receive_frame(session).payload == "still served");
  CHECK(has_stopped.wait_for(0s) == std::future_status::timeout);
  responder.send(http::text_response(200, "done"));
  CHECK(waits.receive_all().ends_with("done\n"));
  CHECK(has_stopped.wait_for(10s) == std::future_status::ready);

  const auto lanes_owner = lanes_of_each_kind({.lanes = 1});
  Lanes& lanes = *lanes_owner;
  CHECK(lanes.listen(0, {.port = port}, nullptr, nullptr).ok());

  std::promise<void> drained;
  test.engine.drain({}, [&] { drained.set_value(); });
  CHECK(websocket::parse_close(receive_frame(session).payload).code == 3001);
  session.send(client_close(3001));
  CHECK(session.at_end());
  CHECK(drained.get_future().wait_for(10s) == std::future_status::ready);
  waits.close();
  session.close();
  CHECK(test.server->wait_until_closed(5s));
}

TEST_CASE("stop: a handler that never answers holds it up no longer than its time-out") {
  std::promise<http::Responder> asked;
  ServerFixture test([&](ServerOptions& options) {
    options.limits.stop_timeout = 50ms;
    options.router.handle("GET", "/wait", [&](const http::Request&, http::Responder responder) {
      asked.set_value(std::move(responder));
    });
  });
  TcpClient waits = test.connect();
  waits.send("GET /wait HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const http::Responder responder = asked.get_future().get();
  std::promise<void> stopped;
  test.server->stop([&] { stopped.set_value(); });
  CHECK(stopped.get_future().wait_for(10s) == std::future_status::ready);
  CHECK(waits.at_end());
}

TEST_CASE("stop: lanes may end while clients are connected, and nothing leaks") {
  ServerFixture test;
  TcpClient session = websocket_client(test);
  TcpClient half = test.connect();
  half.send("GET / HT");
  REQUIRE(eventually([&] { return test.server->counters().connections == 2; }));
  // The fixture ends here, without stop().
}

}  // namespace madang
