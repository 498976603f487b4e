// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "madang/transport/websocket/websocket_framing.h"
#include "websocket_fixture.h"

namespace madang {

using websocket::Opcode;

TEST_CASE("websocket: the response to the handshake goes before what the engine writes first") {
  WebSocketFixture test({}, false, "HTTP/1.1 101\r\n\r\n");
  CHECK(test.write("early") == WriteResult::kDone);
  test.start();
  CHECK(test.stream.take() == "HTTP/1.1 101\r\n\r\nearly");

  WebSocketFixture quiet({}, false, "HTTP/1.1 101\r\n\r\n");
  quiet.start();
  CHECK(quiet.stream.take() == "HTTP/1.1 101\r\n\r\n");
}

TEST_CASE("websocket: of a pending write the engine hears about its own bytes only") {
  // Every window from nothing to all, the response of 10 bytes before 20 of the engine.
  for (std::size_t window = 0; window <= 30; ++window) {
    CAPTURE(window);
    WebSocketFixture test({}, false, "0123456789");
    test.stream.window = window;
    const WriteResult result = test.write("abcdefghijklmnopqrst");
    test.start();
    if (window == 30) {
      CHECK(result == WriteResult::kDone);
      continue;
    }
    CHECK(result == WriteResult::kPending);
    test.stream.window = 1;
    std::string wire = test.stream.take();
    while (test.connection.written_done == 0) {
      const std::string more = test.stream.take();
      REQUIRE_FALSE(more.empty());
      wire += more;
    }
    wire += test.stream.take();
    CHECK(wire == "0123456789abcdefghijklmnopqrst");
    CHECK(test.connection.written_bytes == std::min<std::size_t>(20, 30 - window));
    CHECK(test.connection.written_done == 1);
    CHECK(test.stream.rules_broken() == 0);
  }
}

TEST_CASE("websocket: a write while a pong is pending is kept and reported in full") {
  WebSocketFixture test;
  test.start();
  test.stream.window = 1;
  test.stream.send(client_frame(Opcode::kPing, "ping"));
  CHECK(test.write("message") == WriteResult::kPending);
  test.stream.window = MemoryStream::kEndless;
  const std::string wire = test.stream.take_all();
  CHECK(wire == server_frame(Opcode::kPong, "ping") + "message");
  CHECK(test.connection.written_bytes == 7);
  CHECK(test.connection.written_done == 1);
  CHECK(test.stream.rules_broken() == 0);
}

TEST_CASE("websocket: pings that come while the socket is full are answered with one pong") {
  WebSocketFixture test;
  test.start();
  test.stream.window = 0;
  CHECK(test.write("message") == WriteResult::kPending);
  for (const char* payload : {"1", "2", "3"}) {
    test.stream.send(client_frame(Opcode::kPing, payload));
  }
  test.stream.window = MemoryStream::kEndless;
  CHECK(test.stream.take().empty());  // there is room now
  const std::string wire = test.stream.take_all();
  CHECK(wire == "message" + server_frame(Opcode::kPong, "3"));
  CHECK(test.connection.written_bytes == 7);
}

TEST_CASE("websocket: the engine may write again from within written()") {
  WebSocketFixture test;
  test.start();
  test.stream.window = 3;
  int more = 3;
  test.connection.on_written = [&](bool done) {
    if (done && more-- > 0) test.write("abcdef");
  };
  CHECK(test.write("abcdef") == WriteResult::kPending);
  const std::string wire = test.stream.take_all();
  CHECK(wire == "abcdefabcdefabcdefabcdef");
  CHECK(test.stream.rules_broken() == 0);
}

TEST_CASE("websocket: a failed write is told as a write error, once and later") {
  WebSocketFixture test;
  test.start();
  test.stream.fails = true;
  CHECK(test.write("message") == WriteResult::kFailed);
  CHECK(test.connection.closings == 0);
  test.stream.hang_up();
  CHECK(test.connection.closings == 1);
  CHECK(test.connection.closed_with == kWriteError);
}

TEST_CASE("websocket: after a failed write nothing more is written, not even a close") {
  WebSocketFixture test;
  test.start();
  test.stream.fails = true;
  CHECK(test.write("message") == WriteResult::kFailed);
  test.stream.send(client_frame(Opcode::kPing, "ping"));
  test.transport->close(kWriteError);
  test.stream.hang_up();
  CHECK(test.stream.rules_broken() == 0);
  CHECK(test.connection.closings == 0);
}

TEST_CASE("framing: messages from the threshold on are compressed if that makes them shorter") {
  websocket::Inflater inflater;
  DeflateFraming framing(MessageKind::kText, {.window_bits = 9}, 100);
  const auto framed = [&](const std::string& message) {
    std::string out;
    framing.frame(message, out);
    auto frames = take_frames(out);
    REQUIRE(frames.size() == 1);
    CHECK(out.empty());
    return frames[0];
  };
  CHECK_FALSE(framed(std::string(99, 'a')).header.compressed);
  const ServerFrame compressed = framed(std::string(5'000, 'a'));
  CHECK(compressed.header.compressed);
  CHECK(compressed.payload.size() < 100);
  std::string message;
  CHECK(inflater.inflate(compressed.payload, {}, &message) == websocket::InflateStatus::kOk);
  CHECK(message == std::string(5'000, 'a'));

  std::string noise;
  std::uint32_t x = 1;
  for (int i = 0; i < 500; ++i) {
    x = x * 1664525 + 1013904223;
    noise += static_cast<char>(x >> 24);
  }
  CHECK_FALSE(framed(noise).header.compressed);
  CHECK(framed(noise).payload == noise);
}

TEST_CASE("framing: connections of a lane share one object for a kind and a window") {
  ManualClock clock;
  ManualScheduler scheduler(clock);
  WebSocketLane lane(scheduler, {});
  CHECK(&lane.plain_framing(MessageKind::kText) == &lane.plain_framing(MessageKind::kText));
  CHECK(&lane.plain_framing(MessageKind::kText) != &lane.plain_framing(MessageKind::kBinary));
  CHECK(&lane.deflate_framing(MessageKind::kText, 15) ==
        &lane.deflate_framing(MessageKind::kText, 15));
  CHECK(&lane.deflate_framing(MessageKind::kText, 15) !=
        &lane.deflate_framing(MessageKind::kText, 9));
}

}  // namespace madang
