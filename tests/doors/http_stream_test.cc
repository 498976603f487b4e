// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <atomic>
#include <future>
#include <thread>
#include <vector>

#include "stream_fixture.h"

namespace madang {

namespace {

using namespace std::chrono_literals;

std::string publish_command(int n) {
  return "{\"id\":" + std::to_string(n + 10) + R"(,"publish":{"channel":"room","data":{"n":)" +
         std::to_string(n) + "}}}";
}

}  // namespace

TEST_CASE("stream: clients of both formats meet in a room, with presence and history") {
  StreamFixture test;
  for (const bool events : {false, true}) {
    CAPTURE(events);
    const std::string room = events ? "events" : "lines";
    StreamClient reader = test.member(room, events);
    StreamClient other = test.member(room, !events);
    CHECK(reader.head.find(events ? "Content-Type: text/event-stream\r\n"
                                  : "Content-Type: application/x-ndjson\r\n") != std::string::npos);
    CHECK(reader.head.find("Cache-Control: no-cache, private, no-transform\r\n") !=
          std::string::npos);
    CHECK(reader.head.find("X-Accel-Buffering: no\r\n") != std::string::npos);
    CHECK(reader.head.find("Transfer-Encoding: chunked\r\n") != std::string::npos);
    CHECK(test.hand_in(other, R"({"id":3,"publish":{"channel":")" + room +
                                  R"(","data":{"text":"to all"}}})") == "204");
    CHECK_FALSE(reader.until("to all").empty());
    CHECK_FALSE(other.until("to all").empty());
    CHECK(test.hand_in(reader, R"({"id":4,"presence":{"channel":")" + room + "\"}}\n" +
                                   R"({"id":5,"history":{"channel":")" + room +
                                   R"(","limit":10}})") == "204");
    const std::string presence = reader.until("\"presence\"");
    CHECK(presence.find("\"user\":\"http_stream\"") != std::string::npos);
    CHECK(presence.find("\"user\":\"sse\"") != std::string::npos);
    CHECK(reader.until("\"history\"").find("to all") != std::string::npos);
  }
  CHECK(test.server->counters().streams == 4);
  CHECK(test.server->counters().emulations_refused == 0);
}

TEST_CASE("stream: the same by POST for events, and many messages at once arrive each by itself") {
  StreamFixture test;
  StreamClient reader(test.port(), request_of("POST", "/connection/sse", "", kConnect));
  reader.read_connected();
  CHECK(reader.head.find("text/event-stream") != std::string::npos);
  test.hand_in(reader, R"({"id":2,"subscribe":{"channel":"room"}})");
  CHECK_FALSE(reader.until("\"subscribe\"").empty());
  for (int n = 0; n < 500; ++n)
    test.engine->publish("room", "{\"n\":" + std::to_string(n) + "}");
  for (int n = 0; n < 500; ++n)
    CHECK(reader.message().find("{\"n\":" + std::to_string(n) + "}") != std::string::npos);
}

TEST_CASE("stream: who comes again recovers what it missed") {
  StreamFixture test;
  std::string epoch;
  {
    StreamClient reader = test.stream();
    test.hand_in(reader, R"({"id":2,"subscribe":{"channel":"room"}})");
    epoch = text_member(reader.until("\"subscribe\""), "epoch");
    test.engine->publish("room", R"({"n":1})");
    CHECK_FALSE(reader.until("{\"n\":1}").empty());
    reader.tcp.reset();
  }
  for (int n = 2; n <= 5; ++n)
    test.engine->publish("room", "{\"n\":" + std::to_string(n) + "}");
  StreamClient back = test.stream(true);
  CHECK(test.hand_in(back, R"({"id":2,"subscribe":{"channel":"room","recover":true,"offset":1,)"
                           R"("epoch":")" +
                               epoch + "\"}}") == "204");
  const std::string reply = back.until("\"subscribe\"");
  CHECK(reply.find("\"recovered\":true") != std::string::npos);
  for (int n = 2; n <= 5; ++n)
    CHECK(reply.find("{\"n\":" + std::to_string(n) + "}") != std::string::npos);
}

TEST_CASE("stream: a pong comes beside it and counts as life; without one, 3012") {
  StreamFixture test([](EngineOptions& options, ServerOptions&) {
    options.limits.ping_interval = 200ms;
    options.limits.pong_timeout = 150ms;
  });
  StreamClient alive = test.stream(true);
  StreamClient silent = test.stream();
  for (int i = 0; i < 4; ++i) {
    REQUIRE(alive.until("{}") == "{}");
    REQUIRE(test.hand_in(alive, "{}") == "204");
  }
  const std::string last = silent.until("disconnect");
  CHECK(last.find("\"code\":3012") != std::string::npos);
  CHECK(silent.chunk().empty());
  CHECK(silent.ended);
  CHECK(silent.tcp.at_end());
  CHECK(test.engine->counters().closed_no_pong == 1);
  CHECK(alive.until("{}") == "{}");
}

TEST_CASE("stream: the reason of a close comes as the last message, and then the end") {
  StreamFixture test;
  for (const bool events : {false, true}) {
    StreamClient client = test.stream(events);
    CHECK(test.engine->disconnect_user(events ? "sse" : "http_stream", kForceNoReconnect).ok());
    const std::string last = client.until("disconnect");
    CHECK(last.find("\"code\":3503") != std::string::npos);
    CHECK(client.chunk().empty());
    CHECK(client.ended);
    // Until its client has taken the end, what it says is not refused.
    CHECK(test.hand_in(client, R"({"id":3,"rpc":{}})") == "204");
    CHECK(client.tcp.at_end());
    client.tcp.close();
    CHECK(eventually([&] { return test.hand_in(client, "{}") == "404"; }));
  }
  CHECK(test.server->wait_until_closed(10s));
}

TEST_CASE("stream: a client that goes, politely or not, ends its session at once") {
  StreamFixture test;
  std::vector<StreamClient> clients;
  for (int i = 0; i < 8; ++i)
    clients.push_back(test.member("room", i % 2 == 0));
  CHECK(test.engine->counters().sessions == 8);
  for (std::size_t i = 0; i < clients.size(); ++i) {
    if (i % 3 == 0) {
      clients[i].tcp.reset();
    } else {
      clients[i].tcp.close();
    }
  }
  CHECK(eventually([&] { return test.engine->counters().sessions == 0; }));
  CHECK(test.server->wait_until_closed(10s));
  CHECK(test.engine->counters().closed_by_peer == 8);
  CHECK(ask_status(test.port(), clients[0].handing_in("{}")) == "404");
}

TEST_CASE("stream: a slow reader is behind, catches up from history, and misses nothing") {
  StreamFixture test(
      [](EngineOptions& options, ServerOptions&) { options.limits.outbox_bytes_max = 64 * 1024; });
  StreamClient slow = test.member("room", true, 4096);
  const std::string filler(10'000, 'f');
  for (int n = 0; n < 900; ++n) {
    test.engine->publish("room", "{\"n\":" + std::to_string(n) + ",\"f\":\"" + filler + "\"}");
  }
  for (int n = 0; n < 900; ++n) {
    CAPTURE(n);
    REQUIRE(slow.message().find("{\"n\":" + std::to_string(n) + ",") != std::string::npos);
  }
  CHECK(test.engine->counters().closed_slow == 0);
}

TEST_CASE("stream: a reader that takes nothing is closed with 3008, and others are not") {
  std::atomic<std::uint32_t> code = 0;
  StreamFixture test([&](EngineOptions& options, ServerOptions&) {
    options.limits.outbox_bytes_max = 64 * 1024;
    options.limits.write_stall_timeout = 300ms;
    options.handlers.disconnect = [&code](Session&, const CloseReason& reason) {
      code = reason.code;
    };
    options.handlers.room_options = [](std::string_view) -> std::optional<RoomOptions> {
      RoomOptions room;
      room.history.messages_max = 10;
      return room;
    };
  });
  StreamClient stuck = test.member("room", false, 4096);
  StreamClient quick = test.member("room");
  const std::string filler(10'000, 'f');
  for (int n = 0; n < 1000; ++n) {
    test.engine->publish("room", "{\"n\":" + std::to_string(n) + ",\"f\":\"" + filler + "\"}");
    REQUIRE(quick.message().find("{\"n\":" + std::to_string(n) + ",") != std::string::npos);
  }
  CHECK(eventually([&] { return code != 0; }));
  CHECK(code == 3008);
  CHECK(test.engine->counters().closed_slow == 1);
}

TEST_CASE("stream: whatever comes on it behind its request ends it") {
  StreamFixture test;
  SUBCASE("later") {
    StreamClient client = test.member("room");
    client.tcp.send(kConnect);
    CHECK(client.chunk().empty());
    CHECK(client.ended);
    CHECK(client.tcp.at_end());
    CHECK(eventually([&] { return test.engine->counters().sessions == 0; }));
    CHECK(test.server->counters().stream_unexpected_bytes == 1);
  }
  SUBCASE("at once, as the next request of the same connection") {
    const std::string twice = lines_request(kConnect) + lines_request(kConnect);
    TcpClient client(test.port());
    client.send(twice);
    // In one read they are refused; in two the first stream ends.
    const std::string all = client.receive_all();
    const bool refused = all.starts_with("HTTP/1.1 400 ");
    const bool ended = all.starts_with("HTTP/1.1 200 ") && all.ends_with("\r\n0\r\n\r\n");
    CHECK((refused || ended));
    CHECK(eventually([&] { return test.engine->counters().sessions == 0; }));
  }
}

TEST_CASE("stream: one may follow other requests on its connection") {
  StreamFixture test;
  TcpClient client(test.port());
  client.send(request_of("GET", "/nothing"));
  CHECK(receive_head(client).starts_with("HTTP/1.1 404 "));
  client.receive_all(10);
  client.send(lines_request(kConnect));
  CHECK(receive_head(client).starts_with("HTTP/1.1 200 "));
}

TEST_CASE("stream: a server that drains tells its streams, and ends") {
  StreamFixture test;
  std::vector<StreamClient> clients;
  for (int i = 0; i < 10; ++i)
    clients.push_back(test.member("room", i % 2 == 0));
  std::promise<void> stopped;
  std::promise<void> drained;
  test.server->stop([&] { stopped.set_value(); });
  CHECK(stopped.get_future().wait_for(10s) == std::future_status::ready);
  CHECK(test.engine->counters().sessions == 10);  // they stay until they are told to go
  test.engine->drain({}, [&] { drained.set_value(); });
  for (StreamClient& client : clients) {
    CHECK(client.until("disconnect").find("\"code\":3001") != std::string::npos);
    CHECK(client.chunk().empty());
    CHECK(client.ended);
    client.tcp.close();
  }
  CHECK(drained.get_future().wait_for(10s) == std::future_status::ready);
  CHECK(test.server->wait_until_closed(10s));
}

TEST_CASE("stream: lanes may end while streams are open and commands are on their way") {
  StreamFixture test;
  std::vector<StreamClient> clients;
  for (int i = 0; i < 6; ++i)
    clients.push_back(test.member("room", i % 2 == 0));
  std::vector<TcpClient> beside;
  for (const StreamClient& client : clients) {
    std::string requests;
    for (int n = 0; n < 200; ++n)
      requests += client.handing_in(publish_command(n));
    beside.emplace_back(test.port()).send(requests);
  }
}

TEST_CASE("stream: what is handed in one after the other takes effect in that order") {
  StreamFixture test;
  StreamClient reader = test.member("room");
  StreamClient writer = test.stream(true);
  // Several connections, so that both lanes have to do with it; the next begins when the one before
  // is answered.
  constexpr int kRounds = 6;
  constexpr int kEach = 60;
  for (int round = 0; round < kRounds; ++round) {
    TcpClient client(test.port());
    std::string requests;
    for (int n = 0; n < kEach; ++n)
      requests += writer.handing_in(publish_command(round * kEach + n));
    client.send(requests);
    for (int n = 0; n < kEach; ++n)
      REQUIRE(receive_head(client).starts_with("HTTP/1.1 204 "));
  }
  for (int n = 0; n < kRounds * kEach; ++n) {
    CAPTURE(n);
    REQUIRE(reader.message().find("{\"n\":" + std::to_string(n) + "}") != std::string::npos);
  }
  CHECK(test.server->counters().emulations == 1 + kRounds * kEach);
}

TEST_CASE("stream: ten thousand commands at once are answered until it is too much, then 3013") {
  StreamFixture test([](EngineOptions&, ServerOptions& options) {
    options.limits.stream_body_bytes_max = 1024 * 1024;
    options.http_stream.waiting_bytes_max = 1024 * 1024;
  });
  StreamClient client = test.stream();
  std::string commands;
  for (int n = 0; n < 10'000; ++n)
    commands += "{\"id\":" + std::to_string(n + 2) + ",\"rpc\":{\"data\":1}}\n";
  CHECK(test.hand_in(client, commands) == "204");
  const std::string refused = client.until("\"error\"");
  CHECK(refused.find("\"code\":111") != std::string::npos);
  CHECK(client.until("disconnect").find("\"code\":3013") != std::string::npos);
  CHECK(client.chunk().empty());
  CHECK(client.ended);

  StreamClient pongs = test.stream();
  commands.clear();
  for (int n = 0; n < 10'000; ++n)
    commands += "{}\n";
  CHECK(test.hand_in(pongs, commands) == "204");
  CHECK(pongs.until("disconnect").find("\"code\":3501") != std::string::npos);
}

TEST_CASE("stream: first commands that are none are answered on the stream, with 3501") {
  StreamFixture test;
  for (const std::string_view bad : {"garbage", "{}", "[]", "\n", R"({"id":1,"rpc":{}})",
                                     R"({"id":1,"connect":{})", R"({"connect":{}})"}) {
    CAPTURE(bad);
    for (const bool events : {false, true}) {
      StreamClient client(test.port(), events ? events_request(bad) : lines_request(bad));
      CHECK(client.until("disconnect").find("\"code\":3501") != std::string::npos);
      CHECK(client.chunk().empty());
      CHECK(client.ended);
    }
  }
  CHECK(test.server->wait_until_closed(10s));
}

}  // namespace madang
