// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "websocket_fixture.h"

namespace madang {

namespace {

using namespace std::chrono_literals;
using websocket::Opcode;
using Strings = std::vector<std::string>;

}  // namespace

TEST_CASE("websocket: messages arrive whole, however the stream is cut") {
  const std::string stream =
      text_frame("one") + client_frame(Opcode::kBinary, std::string("\0\xff", 2)) +
      client_frame(Opcode::kText, "thr", false) + client_frame(Opcode::kPing, "p") +
      client_frame(Opcode::kContinuation, "ee") + text_frame("");
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    WebSocketFixture test;
    test.start(stream.substr(0, cut));
    test.stream.send(stream.substr(cut));
    CHECK(test.connection.messages == Strings{"one", std::string("\0\xff", 2), "three", ""});
    CHECK(test.connection.kinds == std::vector{MessageKind::kText, MessageKind::kBinary,
                                               MessageKind::kText, MessageKind::kText});
    CHECK(test.stream.take() == server_frame(Opcode::kPong, "p"));
  }
  WebSocketFixture test;
  test.start();
  for (const char byte : stream) {
    test.stream.send({&byte, 1});
  }
  CHECK(test.connection.messages == Strings{"one", std::string("\0\xff", 2), "three", ""});
}

TEST_CASE("websocket: paused in the middle of a chunk it keeps the rest and goes on where it was") {
  WebSocketFixture test;
  test.start();
  test.connection.on_message = [&] { test.transport->pause_reading(); };
  test.stream.send(text_frame("a") + text_frame("b") + text_frame("c"));
  test.stream.send(text_frame("d"));
  CHECK(test.connection.messages == Strings{"a"});
  CHECK(test.stream.paused());
  CHECK(test.stream.unread() > 0);

  // Never from within the call: the engine is told later.
  test.transport->resume_reading();
  CHECK(test.connection.messages == Strings{"a"});
  test.scheduler.run_ready();
  CHECK(test.connection.messages == Strings{"a", "b"});
  CHECK(test.stream.paused());

  test.connection.on_message = nullptr;
  test.transport->resume_reading();
  test.scheduler.run_ready();
  CHECK(test.connection.messages == Strings{"a", "b", "c"});
  CHECK_FALSE(test.stream.paused());
  test.stream.pump();
  CHECK(test.connection.messages == Strings{"a", "b", "c", "d"});
}

TEST_CASE("websocket: bytes that came behind the handshake wait if the engine pauses at once") {
  WebSocketFixture test;
  test.connection.on_message = [&] { test.transport->pause_reading(); };
  test.start(text_frame("a") + text_frame("b"));
  CHECK(test.connection.messages == Strings{"a"});
  test.transport->resume_reading();
  test.scheduler.run_ready();
  CHECK(test.connection.messages == Strings{"a", "b"});
}

TEST_CASE(
    "websocket: a peer that breaks the protocol gets the code for it, and the engine is told") {
  struct Case {
    const char* what;
    std::string bytes;
    std::uint16_t code;
  };
  const Case cases[] = {
      {"unmasked frame", server_frame(Opcode::kText, "x"), 1002},
      {"compressed without agreement", client_frame(Opcode::kText, "x", true, true), 1002},
      {"bad UTF-8", text_frame("\xff"), 1007},
      {"too big", client_frame(Opcode::kBinary, std::string(64 * 1024 + 1, 'x')), 1009},
      {"close with one byte", client_frame(Opcode::kClose, "x"), 1002},
  };
  for (const Case& bad : cases) {
    CAPTURE(bad.what);
    WebSocketFixture test;
    test.start();
    test.stream.send(text_frame("good") + bad.bytes + text_frame("not read"));
    CHECK(test.connection.messages == Strings{"good"});
    CHECK(test.connection.closings == 1);
    CHECK(test.connection.closed_with == kBadRequest);
    std::string out = test.stream.take();
    const auto frames = take_frames(out);
    REQUIRE(frames.size() == 1);
    CHECK(websocket::parse_close(frames[0].payload).code == bad.code);
    CHECK(test.stream.closed_gently());
    CHECK(test.stream.rules_broken() == 0);
  }
}

TEST_CASE("websocket: each kind of error has its counter") {
  WebSocketFixture test;
  test.start();
  test.stream.send(text_frame("\xff"));
  CHECK(test.lane->counters.invalid_payloads.value() == 1);
  CHECK(test.lane->counters.protocol_errors.value() == 0);
}

TEST_CASE("websocket: a message that does not end in time closes with 1008") {
  WebSocketFixture test;
  test.start();
  test.stream.send(client_frame(Opcode::kText, "never", false));
  test.clock.advance(29s);
  CHECK(test.connection.closings == 0);
  test.clock.advance(1s);
  CHECK(test.connection.closed_with == kBadRequest);
  CHECK(test.stream.take() == server_close(1008, "message takes too long"));
  CHECK(test.lane->counters.slow_messages.value() == 1);
}

TEST_CASE("websocket: the age of a message counts from that message, not from one before it") {
  WebSocketFixture test;
  test.start();
  const std::string frame = text_frame("message");
  // Every read ends inside a message, for a long time, but no message is older than 20 seconds.
  test.stream.send(frame.substr(0, 3));
  for (int i = 0; i < 10; ++i) {
    test.clock.advance(20s);
    test.stream.send(frame.substr(3) + frame.substr(0, 3));
  }
  CHECK(test.connection.messages.size() == 10);
  CHECK(test.connection.closings == 0);
  test.clock.advance(31s);
  CHECK(test.connection.closings == 1);
}

TEST_CASE("websocket: a flood of pings empties the bucket and closes with 1008") {
  WebSocketFixture test({.control_burst = 10, .control_per_second = 5});
  test.start();
  for (int i = 0; i < 10; ++i) {
    test.stream.send(client_frame(Opcode::kPing, {}));
  }
  CHECK(test.connection.closings == 0);
  test.clock.advance(1s);
  for (int i = 0; i < 5; ++i) {
    test.stream.send(client_frame(Opcode::kPong, {}));
  }
  CHECK(test.connection.closings == 0);
  test.stream.send(client_frame(Opcode::kPing, {}));
  CHECK(test.connection.closed_with == kTooManyRequests);
  CHECK(test.lane->counters.control_floods.value() == 1);
}

TEST_CASE("websocket: after any silence the bucket of pings is full, and no fuller") {
  WebSocketFixture test({.control_burst = 10, .control_per_second = 5});
  test.start();
  const auto send_burst = [&] {
    for (int i = 0; i < 10; ++i)
      test.stream.send(client_frame(Opcode::kPing, {}));
  };
  for (const Duration silence : {Duration(0s), Duration(2s), Duration(24h), Duration(24h * 3650)}) {
    test.clock.advance(silence);
    send_burst();
    CHECK(test.connection.closings == 0);
  }
  test.stream.send(client_frame(Opcode::kPing, {}));
  CHECK(test.connection.closed_with == kTooManyRequests);
}

TEST_CASE("websocket: a compressed message is inflated, a bomb is refused with 1009") {
  websocket::Deflater deflater;
  WebSocketFixture test({}, true);
  test.start();
  std::string small;
  deflater.compress(std::string(50'000, 'a'), &small);
  test.stream.send(client_frame(Opcode::kText, small, true, true));
  REQUIRE(test.connection.messages.size() == 1);
  CHECK(test.connection.messages[0] == std::string(50'000, 'a'));

  std::string bomb;
  deflater.compress(std::string(10'000'000, 'a'), &bomb);
  REQUIRE(bomb.size() < 64 * 1024);
  test.stream.send(client_frame(Opcode::kText, bomb, true, true));
  CHECK(test.connection.messages.size() == 1);
  CHECK(test.connection.closed_with == kBadRequest);
  CHECK(test.lane->counters.messages_too_big.value() == 1);
}

}  // namespace madang
