// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "websocket_fixture.h"

namespace madang {

namespace {
using namespace std::chrono_literals;
using websocket::Opcode;
}  // namespace

TEST_CASE("close: the peer's close frame is answered with its code and the stream flushed") {
  WebSocketFixture test;
  test.start();
  test.stream.send(client_close(1000, "bye") + text_frame("ignored"));
  CHECK(test.stream.take() == server_close(1000, ""));
  CHECK(test.stream.closed_gently());
  CHECK(test.connection.closed_with == kClosed);
  CHECK(test.connection.messages.empty());
}

TEST_CASE("close: an empty close frame is answered with an empty one") {
  WebSocketFixture test;
  test.start();
  test.stream.send(client_frame(Opcode::kClose, ""));
  CHECK(test.stream.take() == server_frame(Opcode::kClose, ""));
}

TEST_CASE("close: the engine's reason goes out, and the peer's answer ends the stream") {
  WebSocketFixture test;
  test.start();
  test.transport->close(kShutdown);
  CHECK(test.stream.take() == server_close(3001, "shutdown"));
  CHECK_FALSE(test.stream.ended());
  test.stream.send(text_frame("late") + client_frame(Opcode::kPing, "late"));
  CHECK_FALSE(test.stream.ended());
  test.stream.send(client_close(3001, "shutdown"));
  CHECK(test.stream.closed_gently());
  CHECK(test.stream.take().empty());
  CHECK(test.connection.messages.empty());
  CHECK(test.connection.closings == 0);
}

TEST_CASE("close: a peer that does not answer is cut after five seconds") {
  WebSocketFixture test;
  test.start();
  test.transport->close(kSlow);
  test.clock.advance(4999ms);
  CHECK_FALSE(test.stream.ended());
  test.clock.advance(1ms);
  CHECK(test.stream.aborted());
  CHECK(test.lane->counters.close_timeouts.value() == 1);
  CHECK(test.connection.closings == 0);
}

TEST_CASE("close: what is pending goes out before the close frame") {
  WebSocketFixture test;
  test.start();
  test.stream.window = 2;
  CHECK(test.write("message") == WriteResult::kPending);
  test.transport->close(kForceReconnect);
  CHECK(test.stream.take_all() == "message" + server_close(3011, "force reconnect"));
  CHECK(test.connection.written_done == 0);
  CHECK(test.stream.rules_broken() == 0);
}

TEST_CASE("close: reading that was paused goes on, so that the peer's close is seen") {
  WebSocketFixture test;
  test.start();
  test.connection.on_message = [&] { test.transport->pause_reading(); };
  test.stream.send(text_frame("a") + text_frame("b") + client_close(1001));
  CHECK(test.connection.messages.size() == 1);
  test.transport->close(kSlow);
  CHECK_FALSE(test.stream.ended());
  test.scheduler.run_ready();
  CHECK(test.stream.closed_gently());
  CHECK(test.connection.messages.size() == 1);
  CHECK(test.stream.take() == server_close(3008, "slow"));
}

TEST_CASE("close: the engine may close from within a message") {
  WebSocketFixture test;
  test.start();
  test.connection.on_message = [&] { test.transport->close(kBadRequest); };
  test.stream.send(text_frame("a") + text_frame("b") + client_close(3501));
  CHECK(test.connection.messages.size() == 1);
  CHECK(test.connection.closings == 0);
  CHECK(test.stream.closed_gently());
  CHECK(test.stream.take() == server_close(3501, "bad request"));
}

TEST_CASE("close: a stream that ends is told once, and closing it later does nothing") {
  WebSocketFixture test;
  test.start();
  test.stream.hang_up();
  CHECK(test.connection.closings == 1);
  CHECK(test.connection.closed_with == kClosed);
  CHECK(test.write("late") == WriteResult::kFailed);
  test.transport->pause_reading();
  test.transport->resume_reading();
  test.transport->close(kClosed);
  test.clock.advance(60s);
  CHECK(test.connection.closings == 1);
  CHECK(test.stream.rules_broken() == 0);
}

TEST_CASE("close: a stream that ends during the closing handshake stops its clock") {
  WebSocketFixture test;
  test.start();
  test.transport->close(kShutdown);
  test.stream.hang_up();
  test.clock.advance(60s);
  CHECK_FALSE(test.stream.aborted());
  CHECK(test.lane->counters.close_timeouts.value() == 0);
}

TEST_CASE("close: an error of the peer while its socket is full waits no longer than the close") {
  WebSocketFixture test;
  test.start();
  test.stream.window = 0;
  CHECK(test.write("message") == WriteResult::kPending);
  test.stream.send(text_frame("\xff"));
  CHECK(test.connection.closed_with == kBadRequest);
  CHECK_FALSE(test.stream.ended());
  test.clock.advance(5s);
  CHECK(test.stream.aborted());
  CHECK(test.stream.rules_broken() == 0);
}

TEST_CASE("close: a code that may not be on the wire is sent as 1011") {
  WebSocketFixture test;
  test.start();
  test.transport->close({70'000, "odd"});
  CHECK(test.stream.take() == server_close(1011, "odd"));
}

TEST_CASE("close: who the peer was is known during the connection and after its end") {
  WebSocketFixture asked;
  asked.start();
  const TransportInfo& info = asked.transport->info();
  CHECK(info.name == "websocket");
  CHECK(info.address == "192.0.2.1");
  CHECK(info.origin == "http://example.org");
  CHECK(info.path == "/");
  asked.stream.hang_up();
  CHECK(&asked.transport->info() == &info);

  WebSocketFixture late;
  late.start();
  late.stream.hang_up();
  CHECK(late.transport->info().address == "192.0.2.1");
}

TEST_CASE("close: dropped with timers set, the transport leaves nothing behind") {
  WebSocketFixture test;
  test.start();
  test.stream.send(client_frame(Opcode::kText, "part", false));
  test.transport->close(kShutdown);
  const std::weak_ptr<WebSocketTransport> weak = test.transport;
  test.transport.reset();
  test.stream.set_handler(nullptr);
  CHECK(weak.expired());
  test.clock.advance(60s);
}

}  // namespace madang
