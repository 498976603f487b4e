// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <set>

#include "madang/testing/manual_scheduler.h"
#include "madang/transport/http_stream/http_stream_transport.h"
#include "memory_stream.h"
#include "recording_connection.h"

namespace madang {

namespace {

using namespace std::chrono_literals;
using Handed = HttpStreamTransport::Handed;

constexpr std::string_view kLast = "0\r\n\r\n";

std::string framed(StreamFormat format, std::string_view message) {
  std::string out;
  HttpStreamFraming(format).frame(message, out);
  return out;
}

// A stream between a RecordingConnection and a MemoryStream, on virtual time.
struct HttpStreamFixture {
  explicit HttpStreamFixture(HttpStreamOptions options = {}, std::string_view head = "")
      : lane(std::make_shared<HttpStreamLane>(scheduler, options, "node-1")) {
    SystemRandom random;
    transport = std::make_shared<HttpStreamTransport>(
        lane, stream,
        HttpStreamTransport::Setup{.name = "sse",
                                   .origin = "http://example.org",
                                   .path = "/sse",
                                   .secret = StreamSecret::draw(random),
                                   .response = Payload(head)});
    stream.set_handler(transport);
  }

  void start() { transport->start(connection, "first", MessageKind::kText); }
  WriteResult write(std::string_view bytes) {
    const Payload payload(bytes);
    return transport->write({&payload, 1});
  }
  Handed hand_in(std::string_view message) {
    return transport->hand_in(message, MessageKind::kText);
  }

  ManualClock clock;
  ManualScheduler scheduler{clock};
  MemoryStream stream;
  RecordingConnection connection;
  std::shared_ptr<HttpStreamLane> lane;
  std::shared_ptr<HttpStreamTransport> transport;
};

}  // namespace

TEST_CASE("http stream: a message is one chunk, in each format") {
  CHECK(framed(StreamFormat::kLines, "{}") == "3\r\n{}\n\r\n");
  CHECK(framed(StreamFormat::kEvents, "{}") == "a\r\ndata: {}\n\n\r\n");
  CHECK(framed(StreamFormat::kBytes, std::string_view("\0", 1)) ==
        std::string_view("1\r\n\0\r\n", 6));
  const std::string long_one(5000, 'x');
  CHECK(framed(StreamFormat::kLines, long_one) == "1389\r\n" + long_one + "\n\r\n");
  CHECK(framed(StreamFormat::kBytes, long_one) == "1388\r\n" + long_one + "\r\n");
}

TEST_CASE("http stream: an empty message never ends the body") {
  CHECK(framed(StreamFormat::kLines, "") == "1\r\n\n\r\n");
  CHECK(framed(StreamFormat::kEvents, "") == "8\r\ndata: \n\n\r\n");
  CHECK(framed(StreamFormat::kBytes, "").empty());
}

TEST_CASE("http stream: line breaks in a message can not forge an event") {
  const std::string event = "data: a\ndata: event: b\ndata: c\ndata: \n\n";
  CHECK(framed(StreamFormat::kEvents, "a\nevent: b\r\nc\r") == "27\r\n" + event + "\r\n");
}

TEST_CASE("http stream: secrets are read back, differ, and nothing else is one") {
  SystemRandom random;
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const StreamSecret secret = StreamSecret::draw(random);
    CHECK(secret.text().size() == 32);
    CHECK(StreamSecret::parse(secret.text()) == secret);
    CHECK(seen.insert(secret.text()).second);
  }
  const std::string good = *seen.begin();
  for (const std::string& bad :
       {std::string(), good.substr(1), good + "0", good.substr(1) + "g", good.substr(1) + "A",
        good.substr(1) + " ", good.substr(2) + std::string(2, '\0')}) {
    CHECK_FALSE(StreamSecret::parse(bad).has_value());
  }
}

TEST_CASE("http stream: the response's head goes first, then the engine's, then what came") {
  HttpStreamFixture test({}, "HTTP/1.1 200\r\n\r\n");
  CHECK(test.write("early") == WriteResult::kPending);
  CHECK(test.stream.take().empty());
  test.start();
  CHECK(test.stream.take() == "HTTP/1.1 200\r\n\r\nearly");
  CHECK(test.connection.written_bytes == 5);
  CHECK(test.connection.written_done == 1);
  CHECK(test.connection.messages == std::vector<std::string>{"first"});
  CHECK(test.write("later") == WriteResult::kDone);
  CHECK(test.stream.take() == "later");
}

TEST_CASE("http stream: of a pending write the engine hears about its own bytes only") {
  // Every window from nothing to all: a head of 10 bytes before 20 of the engine.
  for (std::size_t window = 0; window <= 30; ++window) {
    CAPTURE(window);
    HttpStreamFixture test({}, "0123456789");
    test.stream.window = window;
    CHECK(test.write("abcdefghijklmnopqrst") == WriteResult::kPending);
    test.start();
    test.stream.window = 1;
    std::string wire = test.stream.take();
    while (test.connection.written_done == 0) {
      const std::string more = test.stream.take();
      REQUIRE_FALSE(more.empty());
      wire += more;
    }
    wire += test.stream.take();
    CHECK(wire == "0123456789abcdefghijklmnopqrst");
    CHECK(test.connection.written_bytes == 20);
    CHECK(test.connection.written_done == 1);
    CHECK(test.stream.rules_broken() == 0);
  }
}

TEST_CASE("http stream: a write while the head is pending is kept and reported in full") {
  HttpStreamFixture test({}, "head");
  test.stream.window = 1;
  test.start();
  CHECK(test.write("message") == WriteResult::kPending);
  test.stream.window = MemoryStream::kEndless;
  CHECK(test.stream.take_all() == "headmessage");
  CHECK(test.connection.written_bytes == 7);
  CHECK(test.connection.written_done == 1);
}

TEST_CASE("http stream: a close ends the body after all that is pending, then the connection") {
  for (const std::size_t window :
       {std::size_t{0}, std::size_t{1}, std::size_t{5}, std::size_t{50}}) {
    CAPTURE(window);
    HttpStreamFixture test({}, "head");
    test.start();
    CHECK(test.stream.take_all() == "head");
    test.stream.window = window;
    test.write("message");
    test.transport->close(kShutdown);
    CHECK(test.write("late") == WriteResult::kFailed);
    test.stream.window = MemoryStream::kEndless;
    const std::string taken = test.stream.take();
    CHECK(taken + test.stream.take_all() == "message" + std::string(kLast));
    CHECK(test.stream.closed_gently());
    CHECK(test.connection.closings == 0);
    CHECK(test.stream.rules_broken() == 0);
    test.clock.advance(1h);
    CHECK(test.lane->counters.close_timeouts.value() == 0);
  }
}

TEST_CASE("http stream: a close before the start ends a response that is whole") {
  HttpStreamFixture test({}, "head");
  test.write("bye");
  test.transport->close(kShutdown);
  test.start();
  CHECK(test.connection.messages.empty());
  CHECK(test.stream.take_all() == "headbye" + std::string(kLast));
  CHECK(test.stream.closed_gently());
}

TEST_CASE("http stream: a peer that does not take the end is cut at the deadline") {
  HttpStreamFixture test({.close_timeout = 3s});
  test.start();
  test.stream.window = 0;
  test.write("message");
  test.transport->close(kSlow);
  test.clock.advance(2999ms);
  CHECK_FALSE(test.stream.ended());
  test.clock.advance(1ms);
  CHECK(test.stream.aborted());
  CHECK(test.lane->counters.close_timeouts.value() == 1);
  CHECK(test.transport->info().address == "192.0.2.1");
}

TEST_CASE("http stream: a peer that goes, or a write that fails, ends the session once") {
  HttpStreamFixture gone;
  gone.start();
  gone.stream.hang_up();
  CHECK(gone.connection.closed_with == kClosed);
  CHECK(gone.write("x") == WriteResult::kFailed);
  CHECK(gone.hand_in("x") == Handed::kEnding);

  HttpStreamFixture broken;
  broken.start();
  broken.stream.fails = true;
  CHECK(broken.write("x") == WriteResult::kFailed);
  broken.transport->close(kWriteError);
  broken.stream.hang_up();
  CHECK(broken.connection.closings == 0);
  CHECK(broken.stream.rules_broken() == 0);
}

TEST_CASE("http stream: whatever a peer sends on its stream ends it, also while input is paused") {
  HttpStreamFixture test;
  test.start();
  test.transport->pause_reading();
  CHECK_FALSE(test.stream.paused());
  test.stream.send("POST /again HTTP/1.1\r\n");
  CHECK(test.connection.closed_with == kBadRequest);
  CHECK(test.connection.closings == 1);
  CHECK(test.stream.take_all() == kLast);
  CHECK(test.stream.closed_gently());
  CHECK(test.lane->counters.unexpected_bytes.value() == 1);
}

TEST_CASE("http stream: what is handed in waits, in order, while the session takes no input") {
  HttpStreamFixture test;
  test.start();
  CHECK(test.hand_in("a") == Handed::kTaken);
  CHECK(test.connection.messages == std::vector<std::string>{"first", "a"});
  test.transport->pause_reading();
  for (const std::string_view message : {"b", "c", "d"})
    CHECK(test.hand_in(message) == Handed::kTaken);
  CHECK(test.connection.messages.size() == 2);

  // After each message it takes no more for a moment.
  test.connection.on_message = [&] { test.transport->pause_reading(); };
  test.transport->resume_reading();
  CHECK(test.connection.messages.size() == 2);  // not from within a call of the engine
  test.scheduler.run_ready();
  CHECK(test.connection.messages == std::vector<std::string>{"first", "a", "b"});
  CHECK(test.hand_in("e") == Handed::kTaken);
  test.transport->resume_reading();
  test.transport->resume_reading();
  CHECK(test.hand_in("f") == Handed::kTaken);  // behind those that wait, though input is wanted
  test.connection.on_message = nullptr;
  test.scheduler.run_ready();
  CHECK(test.connection.messages ==
        std::vector<std::string>{"first", "a", "b", "c", "d", "e", "f"});
}

TEST_CASE("http stream: what waits is bounded by its bytes, and by its number too") {
  HttpStreamFixture test({.waiting_bytes_max = 10'000});
  test.start();
  test.transport->pause_reading();
  CHECK(test.hand_in(std::string(9000, 'x')) == Handed::kTaken);
  CHECK(test.hand_in(std::string(2000, 'y')) == Handed::kFull);
  CHECK(test.hand_in("z") == Handed::kTaken);  // smaller ones still fit
  int taken = 0;
  while (test.hand_in("n") == Handed::kTaken)
    ++taken;
  CHECK(taken < 100);
  test.transport->resume_reading();
  test.scheduler.run_ready();
  CHECK(test.connection.messages.size() == 3 + static_cast<std::size_t>(taken));
  CHECK(test.hand_in("again") == Handed::kTaken);
}

TEST_CASE("http stream: what waits when the session ends is dropped with it") {
  HttpStreamFixture test;
  test.start();
  test.transport->pause_reading();
  test.hand_in("a");
  test.transport->resume_reading();
  test.transport->close(kShutdown);
  test.scheduler.run_ready();
  CHECK(test.connection.messages == std::vector<std::string>{"first"});
  CHECK(test.hand_in("b") == Handed::kEnding);
}

TEST_CASE("http stream: hosts are told where a stream comes from and how its client answers") {
  HttpStreamFixture test;
  const TransportInfo& info = test.transport->info();
  CHECK(info.name == "sse");
  CHECK(info.address == "192.0.2.1");
  CHECK(info.origin == "http://example.org");
  CHECK(info.path == "/sse");
  CHECK(info.session == test.transport->secret().text());
  CHECK(info.node == "node-1");
}

}  // namespace madang
