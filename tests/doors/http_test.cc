// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <mutex>
#include <vector>

#include "server_fixture.h"

namespace madang {

namespace {

using namespace std::chrono_literals;

constexpr std::string_view kGetPage = "GET /page HTTP/1.1\r\nHost: localhost\r\n\r\n";
constexpr std::string_view kGetPageLast =
    "GET /page HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

std::size_t count(std::string_view text, std::string_view word) {
  std::size_t found = 0;
  for (std::size_t at = text.find(word); at != text.npos; at = text.find(word, at + 1)) {
    ++found;
  }
  return found;
}

}  // namespace

TEST_CASE("http: a page is served, the connection stays for the next and closes when asked to") {
  ServerFixture test;
  TcpClient client = test.connect();
  client.send(kGetPage);
  const std::string head = receive_head(client);
  CHECK(head.starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(count(head, "Date: ") == 1);
  CHECK(client.receive_all(7) == "a page\n");
  client.send(kGetPageLast);
  const std::string last = client.receive_all();
  CHECK(last.starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(count(last, "Connection: close") == 1);
  CHECK(test.server->counters().requests == 2);
}

TEST_CASE("http: requests that come at once are answered in their order") {
  ServerFixture test([](ServerOptions& options) {
    options.router.handle("GET", "/slow", [](const http::Request&, http::Responder responder) {
      std::thread([responder = std::move(responder)]() mutable {
        responder.send(http::text_response(200, "slow"));
      }).detach();
    });
  });
  TcpClient client = test.connect();
  std::string requests;
  for (int i = 0; i < 20; ++i) {
    requests += "GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n";
    requests += kGetPage;
  }
  client.send(requests + std::string(kGetPageLast));
  const std::string all = client.receive_all();
  CHECK(count(all, "HTTP/1.1 200 OK") == 41);
  std::size_t at = 0;
  for (int i = 0; i < 20; ++i) {
    at = all.find("\r\n\r\nslow\n", at);
    REQUIRE(at != all.npos);
    at = all.find("\r\n\r\na page\n", at);
    REQUIRE(at != all.npos);
  }
}

TEST_CASE("http: a large file goes whole to a client that reads slowly") {
  const std::string file(5'000'000, 'f');
  ServerFixture test([&](ServerOptions& options) {
    options.router.handle(
        "GET", "/file", [body = http::Body(file)](const http::Request&, http::Responder responder) {
          responder.send({.status = 200, .headers = {}, .body = body});
        });
  });
  TcpClient client(test.server->port(), 4096);
  client.send("GET /file HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  receive_head(client);
  CHECK((client.receive_all() == file));
}

TEST_CASE("http: a responder dropped answers 500, one that is late finds the connection gone") {
  struct Shared {
    std::mutex mutex;
    std::vector<http::Responder> kept;
  };
  const auto shared = std::make_shared<Shared>();
  ServerFixture test([shared](ServerOptions& options) {
    options.router.handle("GET", "/drop", [](const http::Request&, http::Responder) {});
    options.router.handle("GET", "/keep",
                          [shared](const http::Request&, http::Responder responder) {
                            const std::lock_guard lock(shared->mutex);
                            shared->kept.push_back(std::move(responder));
                          });
    options.limits.response_timeout = 50ms;
  });
  TcpClient client = test.connect();
  client.send("GET /drop HTTP/1.1\r\nHost: localhost\r\n\r\n");
  CHECK(receive_head(client).starts_with("HTTP/1.1 500 "));

  TcpClient waiting = test.connect();
  waiting.send("GET /keep HTTP/1.1\r\nHost: localhost\r\n\r\n");
  CHECK(waiting.receive_all().starts_with("HTTP/1.1 503 "));
  CHECK(test.server->counters().response_timeouts == 1);
  waiting.close();
  const std::lock_guard lock(shared->mutex);
  REQUIRE(shared->kept.size() == 1);
  CHECK(shared->kept[0].send(http::text_response(200, "late")));
}

TEST_CASE("http: bad requests get their status, and the server goes on") {
  ServerFixture test;
  struct Case {
    std::string request;
    std::string_view status;
  };
  std::string many = "GET /page HTTP/1.1\r\nHost: localhost\r\n";
  for (int i = 0; i < 100'000; ++i) {
    many += "X: y\r\n";
  }
  const Case cases[] = {
      {"GARBAGE\r\n\r\n", "HTTP/1.1 "},
      {"GET /page HTTP/1.1\r\n\r\n", "HTTP/1.1 400 "},
      {"GET /page HTTP/1.0\r\nHost: localhost\r\n\r\n", "HTTP/1.1 505 "},
      {"GET /nothing HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", "HTTP/1.1 404 "},
      {"POST /page HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", "HTTP/1.1 405 "},
      {many + "\r\n", "HTTP/1.1 431 "},
      {"GET /" + std::string(100'000, 'x') + " HTTP/1.1\r\nHost: localhost\r\n\r\n",
       "HTTP/1.1 414 "},
  };
  for (const Case& bad : cases) {
    CAPTURE(bad.request.substr(0, 40));
    TcpClient client = test.connect();
    client.send(bad.request);
    CHECK(client.receive_all().starts_with(bad.status));
    CHECK_FALSE(client.was_reset());
  }
  TcpClient client = test.connect();
  client.send(kGetPageLast);
  CHECK(client.receive_all().starts_with("HTTP/1.1 200 "));
  CHECK(test.server->counters().bad_requests == 5);
}

TEST_CASE(
    "http: a handshake that trickles or never ends is cut at its deadline, whatever it sends") {
  ServerFixture test([](ServerOptions& options) { options.limits.handshake_timeout = 100ms; });
  const auto start = std::chrono::steady_clock::now();
  TcpClient silent = test.connect();
  TcpClient trickling = test.connect();
  std::string request = "GET / HTTP/1.1\r\nX: ";
  std::size_t sent = 0;
  // A byte at a time until the server has had enough.
  while (!trickling.readable_within(5ms)) {
    trickling.send(request.substr(sent++, 1));
    if (sent == request.size()) request += "y";
    REQUIRE(std::chrono::steady_clock::now() - start < 5s);
  }
  CHECK(silent.at_end());
  CHECK(trickling.receive_all().starts_with("HTTP/1.1 408 "));
  CHECK(test.server->wait_until_closed(5s));
  CHECK(test.server->counters().handshakes == 0);
  CHECK(test.server->counters().handshake_timeouts == 2);
}

TEST_CASE("http: an idle connection and a later request that trickles are cut as well") {
  ServerFixture test([](ServerOptions& options) {
    options.limits.keep_alive_timeout = 50ms;
    options.limits.request_timeout = 50ms;
  });
  TcpClient idle = test.connect();
  idle.send(kGetPage);
  receive_head(idle);
  idle.receive_all(7);
  CHECK(idle.at_end());
  CHECK(test.server->counters().idle_timeouts == 1);

  TcpClient slow = test.connect();
  slow.send(std::string(kGetPage) + "GET /pa");
  CHECK(count(slow.receive_all(), "HTTP/1.1 408 ") == 1);
  CHECK(test.server->counters().request_timeouts == 1);
}

TEST_CASE("http: connections over each bound are closed at once, and counted by cause") {
  SUBCASE("of the server") {
    ServerFixture test([](ServerOptions& options) { options.limits.connections_max = 2; });
    TcpClient a = test.connect();
    TcpClient b = test.connect();
    REQUIRE(eventually([&] { return test.server->counters().connections == 2; }));
    TcpClient c = test.connect();
    CHECK(c.at_end());
    CHECK(test.server->counters().refused_full == 1);
    a.close();
    REQUIRE(eventually([&] { return test.server->counters().connections == 1; }));
    TcpClient d = test.connect();
    d.send(kGetPageLast);
    CHECK(d.receive_all().starts_with("HTTP/1.1 200 "));
  }
  SUBCASE("of one address") {
    ServerFixture test(
        [](ServerOptions& options) { options.limits.connections_per_address_max = 1; });
    TcpClient a = test.connect();
    REQUIRE(eventually([&] { return test.server->counters().connections == 1; }));
    CHECK(test.connect().at_end());
    CHECK(test.server->counters().refused_address == 1);
  }
  SUBCASE("of handshakes") {
    ServerFixture test([](ServerOptions& options) { options.limits.handshakes_max = 1; });
    TcpClient a = test.connect();
    REQUIRE(eventually([&] { return test.server->counters().handshakes == 1; }));
    CHECK(test.connect().at_end());
    CHECK(test.server->counters().refused_handshakes == 1);
    a.send(kGetPage);  // it is no handshake any more
    receive_head(a);
    TcpClient b = test.connect();
    b.send(kGetPageLast);
    CHECK(b.receive_all().starts_with("HTTP/1.1 200 "));
  }
}

TEST_CASE("server: options that make no sense, and a port that is taken, are refused") {
  ServerFixture test;
  const auto other_owner = lanes_of_each_kind({.lanes = 1});
  Lanes& other = *other_owner;
  CHECK(Server::start({}).status().code() == absl::StatusCode::kInvalidArgument);
  CHECK(Server::start({.engine = &test.engine, .lanes = &other}).status().code() ==
        absl::StatusCode::kInvalidArgument);
  EchoEngine engine(other);
  CHECK(Server::start({.engine = &engine, .lanes = &other, .port = test.server->port()})
            .status()
            .code() == absl::StatusCode::kUnavailable);
  CHECK(Server::start({.engine = &engine, .lanes = &other, .protocols = {{}}}).status().code() ==
        absl::StatusCode::kInvalidArgument);
}

}  // namespace madang
