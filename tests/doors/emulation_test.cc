// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <set>
#include <stdexcept>
#include <vector>

#include "server_fixture.h"
#include "stream_client.h"
#include "stream_fixture.h"

namespace madang {

namespace {

using namespace std::chrono_literals;

constexpr std::string_view kStreamPath = "/connection/http_stream";

StreamProtocol null_protocol(MessageKind kind) {
  return {.kind = kind,
          .make = [](const http::Request&) { return std::make_unique<NullProtocol>(); }};
}

// A server before the engine that echoes, with streams of both kinds.
void with_streams(ServerOptions& options) {
  options.stream_protocols = {null_protocol(MessageKind::kText),
                              null_protocol(MessageKind::kBinary)};
  options.node = "here";
}

std::string emulation(std::string_view session, std::string_view node, std::string_view data) {
  return request_of("POST", "/emulation", "Content-Type: application/json\r\n",
                    "{\"session\":" + quoted(session) + ",\"node\":" + quoted(node) +
                        ",\"data\":" + quoted(data) + "}");
}

}  // namespace

TEST_CASE("streams: a binary one carries bytes as they are, both ways") {
  const std::string bytes("\0\n\r\xff", 4);
  ServerFixture test(with_streams);
  constexpr std::string_view kBinary = "Content-Type: Application/Octet-Stream ; x=y\r\n";
  StreamClient client(test.server->port(), request_of("POST", kStreamPath, kBinary, bytes));
  CHECK(client.head.find("Content-Type: application/octet-stream\r\n") != std::string::npos);
  CHECK(client.chunk() == "hello");
  CHECK(client.chunk() == bytes);
}

TEST_CASE("streams: a server without protocols for them has no such paths") {
  ServerFixture none;
  CHECK(ask_status(none.server->port(), request_of("GET", "/connection/sse")) == "404");
  CHECK(ask_status(none.server->port(), request_of("GET", "/emulation")) == "404");
  ServerFixture text([](ServerOptions& options) {
    options.stream_protocols = {null_protocol(MessageKind::kText)};
    options.sse_path = "";
    options.http_stream_path = "/my/stream";
  });
  CHECK(ask_status(text.server->port(), events_request("x")) == "404");
  CHECK(ask_status(text.server->port(), lines_request("x")) == "413");  // no body for this path
  CHECK(ask_status(text.server->port(), request_of("POST", "/my/stream", "", "x")) == "200");
  CHECK(ask_status(text.server->port(),
                   request_of("POST", "/my/stream", "Content-Type: application/octet-stream\r\n",
                              "x")) == "415");
}

TEST_CASE("streams: each refusal has its status, and the connection serves the next request") {
  bool null_session = false;
  bool throws = false;
  ServerFixture test([&](ServerOptions& options) {
    with_streams(options);
    options.stream_protocols[0].make =
        [&](const http::Request&) -> std::unique_ptr<ProtocolSession> {
      if (throws) throw std::runtime_error("not today");
      if (null_session) return nullptr;
      return std::make_unique<NullProtocol>();
    };
  });
  TcpClient client = test.connect();
  const auto status = [&](std::string_view request) {
    client.send(request);
    const std::string head = receive_head(client);
    const std::size_t at = head.find("Content-Length: ");
    if (at != head.npos && !request.starts_with("HEAD")) {
      client.receive_all(std::strtoul(&head[at + 16], nullptr, 10));
    }
    return status_of(head);
  };
  CHECK(status(request_of("GET", kStreamPath)) == "405");
  CHECK(status(request_of("HEAD", "/connection/sse?cf_connect=x")) == "405");
  CHECK(status(request_of("PUT", "/connection/sse?cf_connect=x")) == "405");
  CHECK(status(request_of("DELETE", "/emulation")) == "405");
  CHECK(status(request_of("POST", kStreamPath)) == "400");
  CHECK(status(request_of("GET", "/connection/sse")) == "400");
  CHECK(status(request_of("GET", "/connection/sse?cf_connect=")) == "400");
  CHECK(status(request_of("GET", "/connection/sse?connect=x")) == "400");
  CHECK(status(request_of("GET", "/connection/sse?cf_connect=x", "", "body")) == "400");
  throws = true;
  CHECK(status(lines_request("x")) == "500");
  throws = false;
  null_session = true;
  CHECK(status(lines_request("x")) == "403");
  null_session = false;
  test.engine.refuses = true;
  CHECK(status(lines_request("x")) == "503");
  test.engine.refuses = false;
  CHECK(status(events_request("x")) == "200");
  CHECK(test.server->counters().handshakes_refused == 6);
  CHECK(test.server->counters().handlers_threw == 1);
  CHECK(test.server->counters().sessions_refused == 1);
  CHECK(test.server->counters().streams == 1);
}

TEST_CASE("streams: requests that lie about their bodies are refused before anything is made") {
  ServerFixture test([](ServerOptions& options) {
    with_streams(options);
    options.limits.stream_body_bytes_max = 1000;
  });
  const auto post = [](std::string_view headers, std::string_view body) {
    return std::string("POST /connection/http_stream HTTP/1.1\r\nHost: localhost\r\n")
        .append(headers)
        .append("\r\n")
        .append(body);
  };
  struct Case {
    std::string request;
    std::string_view status;
  };
  const Case cases[] = {
      {post("Content-Length: 1001\r\n", ""), "413"},
      {post("Content-Length: 99999999999999999999999\r\n", ""), "400"},
      {post("Content-Length: -1\r\n", ""), "400"},
      {post("Content-Length: 1\r\nContent-Length: 1\r\n", "x"), "400"},
      {post("Content-Length: 1, 1\r\n", "x"), "400"},
      {post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), "400"},
      {post("Transfer-Encoding: chunked\r\n", "1\r\nx\r\n0\r\n\r\n"), "501"},
      {post("Transfer-Encoding: gzip\r\n", "x"), "501"},
      {request_of("GET", "/connection/sse?cf_connect=%"), "400"},
      {request_of("GET", "/connection/sse?cf_connect=%4"), "400"},
      {request_of("GET", "/connection/sse?cf_connect=%zz"), "400"},
      {request_of("GET", "/connection/sse?cf_connect=" + std::string(10'000, 'x')), "414"},
      {request_of("GET", "/connection%2fsse?cf_connect=x"), "400"},
      {request_of("POST", "/page", "", "x"), "413"},  // paths of the host keep their own bound
  };
  for (const Case& bad : cases) {
    CAPTURE(bad.request.substr(0, 120));
    TcpClient client = test.connect();
    client.send(bad.request);
    const std::string all = client.receive_all();
    CHECK(status_of(all) == bad.status);
    CHECK(all.find("HTTP/1.1", 1) == std::string::npos);
  }
  CHECK(test.engine.attached == 0);
  CHECK(test.server->counters().bad_requests == std::size(cases));
  CHECK(ask_status(test.server->port(), lines_request(std::string(1000, 'x'))) == "200");
}

TEST_CASE("streams: chunks are read where the host allows them, and may not lie either") {
  ServerFixture test([](ServerOptions& options) {
    with_streams(options);
    options.limits.request.allow_chunked = true;
    options.limits.stream_body_bytes_max = 1000;
  });
  const auto chunked = [&](std::string_view body) {
    TcpClient client = test.connect();
    client.send(std::string("POST /connection/http_stream HTTP/1.1\r\nHost: localhost\r\n"
                            "Transfer-Encoding: chunked\r\n\r\n")
                    .append(body));
    return status_of(receive_head(client));
  };
  CHECK(chunked("3\r\nabc\r\n0\r\n\r\n") == "200");
  CHECK(chunked("4\r\nabc\r\n0\r\n\r\n") == "400");
  CHECK(chunked("2\r\nabc\r\n0\r\n\r\n") == "400");
  CHECK(chunked("-1\r\nabc\r\n0\r\n\r\n") == "400");
  CHECK(chunked("ffffffffffffffffff\r\nabc") == "413");
  CHECK(chunked("3e9\r\n" + std::string(1001, 'x') + "\r\n0\r\n\r\n") == "413");
}

TEST_CASE(
    "streams: a body that trickles is cut at the request's deadline, and 100-continue works") {
  ServerFixture test([](ServerOptions& options) {
    with_streams(options);
    options.limits.handshake_timeout = 100ms;
  });
  TcpClient slow = test.connect();
  slow.send(
      "POST /connection/http_stream HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n");
  while (!slow.readable_within(5ms))
    slow.send("x");
  CHECK(status_of(slow.receive_all()) == "408");
  CHECK(test.engine.attached == 0);

  TcpClient asking = test.connect();
  asking.send(
      "POST /connection/http_stream HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n"
      "Expect: 100-continue\r\n\r\n");
  CHECK(receive_head(asking).starts_with("HTTP/1.1 100 "));
  asking.send("x");
  CHECK(receive_head(asking).starts_with("HTTP/1.1 200 "));
}

TEST_CASE("emulation: what is no request, or for nobody here, is refused and changes nothing") {
  StreamFixture test([](EngineOptions&, ServerOptions& options) { options.node = "here"; });
  StreamClient client = test.stream();
  CHECK(client.node == "here");
  const std::uint16_t port = test.port();
  const auto json = [](std::string_view body) {
    return request_of("POST", "/emulation", "", body);
  };
  CHECK(ask_status(port, json("")) == "400");
  CHECK(ask_status(port, json("{}")) == "400");
  CHECK(ask_status(port, json("garbage")) == "400");
  CHECK(ask_status(port, json(R"({"session":1,"node":"here","data":"{}"})")) == "400");
  CHECK(ask_status(port, json(std::string(60'000, '['))) == "400");
  CHECK(ask_status(port, emulation(client.session, "here", "")) == "400");
  CHECK(ask_status(port, request_of("POST", "/emulation",
                                    "Content-Type: application/octet-stream\r\n", "\x1a")) ==
        "400");
  CHECK(ask_status(port, emulation(client.session, "elsewhere", "{}")) == "404");
  CHECK(ask_status(port, emulation(client.session, "", "{}")) == "404");
  CHECK(ask_status(port, emulation("", "here", "{}")) == "404");
  CHECK(ask_status(port, emulation(std::string(32, '0'), "here", "{}")) == "404");
  CHECK(ask_status(port, emulation(std::string(50'000, 'a'), "here", "{}")) == "404");
  CHECK(ask_status(port, json(std::string(70'000, '['))) == "413");
  CHECK(test.server->counters().emulations_refused == 12);

  // The client's own session has noticed nothing.
  CHECK(test.hand_in(client, R"({"id":2,"rpc":{"data":"still here"}})") == "204");
  CHECK_FALSE(client.until("still here").empty());
}

TEST_CASE("emulation: secrets can not be had by guessing, and are not what other members see") {
  StreamFixture test;
  StreamClient victim = test.member("room");
  StreamClient other = test.member("room");
  test.hand_in(other, R"({"id":3,"presence":{"channel":"room"}})");
  CHECK(other.until("\"presence\"").find(victim.session) == std::string::npos);
  CHECK(victim.session != other.session);
  // Those that are nearest to a true one: each digit changed, cut, in capitals.
  std::vector<std::string> guesses = {victim.session.substr(1), victim.session + "0",
                                      victim.session.substr(0, 31), " " + victim.session};
  for (std::size_t i = 0; i < victim.session.size(); ++i) {
    std::string guess = victim.session;
    guess[i] = guess[i] == '0' ? '1' : '0';
    guesses.push_back(guess);
  }
  for (const std::string& guess : guesses)
    CHECK(ask_status(test.port(), emulation(guess, victim.node, "garbage")) == "404");
  CHECK(test.engine->counters().sessions == 2);
}

TEST_CASE("emulation: bytes to a client of JSON end that client alone, with 3506") {
  StreamFixture test;
  StreamClient client = test.stream();
  StreamClient other = test.stream();
  const std::string body = "\x12\x20" + client.session + "\x0a" +
                           static_cast<char>(client.node.size()) + client.node + "\x1a\x02{}";
  CHECK(ask_status(test.port(), request_of("POST", "/emulation",
                                           "Content-Type: application/octet-stream\r\n", body)) ==
        "204");
  CHECK(client.until("disconnect").find("\"code\":3506") != std::string::npos);
  CHECK(test.hand_in(other, R"({"id":2,"rpc":{"data":"fine"}})") == "204");
  CHECK_FALSE(other.until("fine").empty());
}

TEST_CASE("emulation: a session that does not keep up gets 429, keeps its order, and goes on") {
  // A host that answers nothing until it is told to: at the bound of waiting commands the session
  // takes no input.
  struct Held {
    std::mutex mutex;
    std::vector<Reply<RpcAnswer>> replies;
  };
  const auto held = std::make_shared<Held>();
  StreamFixture test([&](EngineOptions& options, ServerOptions& server_options) {
    options.limits.commands_waiting_max = 4;
    options.handlers.rpc = [held](Session&, const RpcRequest&, Reply<RpcAnswer> reply) {
      const std::lock_guard lock(held->mutex);
      held->replies.push_back(std::move(reply));
    };
    server_options.http_stream.waiting_bytes_max = 2000;
  });
  StreamClient client = test.stream(true);
  int taken = 0;
  for (;; ++taken) {
    REQUIRE(taken < 100);
    const std::string status =
        test.hand_in(client, "{\"id\":" + std::to_string(taken + 2) + ",\"rpc\":{}}");
    if (status == "429") break;
    REQUIRE(status == "204");
  }
  CHECK(taken > 5);
  CHECK(test.server->counters().emulations_refused == 1);
  const auto answer_held = [&] {
    std::vector<Reply<RpcAnswer>> replies;
    {
      const std::lock_guard lock(held->mutex);
      replies.swap(held->replies);
    }
    for (auto& reply : replies)
      reply.accept({Payload("1")});
  };
  std::set<std::string> answered;
  for (int n = 0; n < taken; ++n) {
    while (!client.tcp.readable_within(1ms))
      answer_held();
    const std::string id = "{\"id\":" + std::to_string(n + 2) + ",";
    CHECK(client.message().starts_with(id));
  }
  CHECK(test.hand_in(client, R"({"id":900,"rpc":{}})") == "204");
  while (!client.tcp.readable_within(1ms))
    answer_held();
  CHECK(client.message().starts_with("{\"id\":900,"));
}

TEST_CASE("streams: options that make no sense are refused") {
  // They do not run, so that a server that is let through may end here.
  const auto lanes = lanes_of_each_kind({.lanes = 1});
  EchoEngine engine{*lanes};
  const auto refused = [&](const std::function<void(ServerOptions&)>& change) {
    ServerOptions options{.engine = &engine, .lanes = lanes.get()};
    options.stream_protocols = {null_protocol(MessageKind::kText)};
    change(options);
    return Server::start(std::move(options)).status().code() == absl::StatusCode::kInvalidArgument;
  };
  CHECK_FALSE(refused([](ServerOptions&) {}));
  CHECK(refused([](ServerOptions& options) { options.stream_protocols = {{}}; }));
  CHECK(refused([](ServerOptions& options) {
    options.stream_protocols.push_back(null_protocol(MessageKind::kText));
  }));
  CHECK(refused([](ServerOptions& options) { options.emulation_path = ""; }));
  CHECK(refused([](ServerOptions& options) { options.node = "a b"; }));
  CHECK(refused([](ServerOptions& options) { options.node = std::string(65, 'n'); }));
}

}  // namespace madang
