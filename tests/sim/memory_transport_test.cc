// SPDX-License-Identifier: Apache-2.0
#include "madang/testing/memory_transport.h"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

namespace madang {
namespace {

// The engine's end, which notes what it is told.
struct NotedConnection final : Connection {
  void received(std::string_view message, MessageKind) override { told += message; }
  void written(std::size_t bytes, bool done) override {
    told += "w" + std::to_string(bytes) + (done ? "! " : " ");
  }
  void closed(const CloseReason& reason) override { told += "c" + std::to_string(reason.code); }

  std::string told;
};

Payload framed(std::string_view message) {
  std::string bytes;
  LengthFraming().frame(message, bytes);
  return Payload(bytes);
}

struct Pair {
  explicit Pair(std::size_t window = MemoryTransport::kEndlessBytes) : transport(window) {
    transport.bind(&engine);
  }
  WriteResult write(std::vector<Payload> payloads) { return transport.write(payloads); }

  NotedConnection engine;
  MemoryTransport transport;
};

using Messages = std::vector<std::string>;

TEST_CASE("memory transport: a wide wire takes all at once, and the peer reads whole messages") {
  Pair pair;
  CHECK(pair.write({framed("a"), framed(std::string(300, 'b'))}) == WriteResult::kDone);
  CHECK(pair.transport.read() == Messages{"a", std::string(300, 'b')});
  CHECK(pair.engine.told.empty());
  CHECK(pair.transport.writes() == 1);
  CHECK(pair.transport.payloads_written() == 2);
  CHECK(pair.transport.bytes_written() == 309);
}

TEST_CASE("memory transport: a narrow wire keeps the rest, and tells as the peer reads") {
  Pair pair(4);
  CHECK(pair.write({framed("ab"), framed("c")}) == WriteResult::kPending);
  CHECK(pair.transport.read(3).empty());
  CHECK(pair.engine.told == "w3 ");
  CHECK(pair.transport.read() == Messages{"ab", "c"});
  CHECK(pair.engine.told == "w3 w4! ");
  CHECK(pair.write({framed("d")}) == WriteResult::kPending);
  CHECK(pair.transport.rules_broken() == 0);
}

TEST_CASE("memory transport: what the peer sends waits while reading is paused") {
  Pair pair;
  pair.transport.send("a");
  pair.transport.pause_reading();
  pair.transport.send("b");
  pair.transport.send("c");
  CHECK(pair.engine.told == "a");
  CHECK(pair.transport.unsent() == 2);
  pair.transport.resume_reading();
  pair.transport.pump();
  CHECK(pair.engine.told == "abc");
}

TEST_CASE("memory transport: a vanished peer neither reads nor sends, and nobody is told") {
  Pair pair(4);
  pair.write({framed("abcdef")});
  pair.transport.vanish();
  CHECK(pair.transport.read().empty());
  pair.transport.send("x");
  CHECK(pair.engine.told.empty());
  CHECK(pair.transport.take_unread() == Messages{"abcdef"});
}

TEST_CASE("memory transport: closed by the engine it still sends what is pending") {
  Pair pair(4);
  pair.write({framed("abcdef")});
  pair.transport.close(kShutdown);
  CHECK(pair.transport.ended());
  CHECK(pair.transport.close_reason() == kShutdown);
  CHECK(pair.transport.read() == Messages{"abcdef"});
  pair.transport.hang_up();
  CHECK(pair.engine.told.empty());
}

TEST_CASE("memory transport: hung up by the peer the engine is told once") {
  Pair pair;
  pair.transport.hang_up(kWriteError);
  pair.transport.hang_up();
  CHECK(pair.engine.told == "c3009");
  CHECK(pair.transport.ended());
  CHECK_FALSE(pair.transport.close_reason().has_value());
}

TEST_CASE("memory transport: a write fails when the test wants it to") {
  Pair pair;
  pair.transport.fail_next_write();
  CHECK(pair.write({framed("lost")}) == WriteResult::kFailed);
  CHECK(pair.transport.write_failed());
  CHECK(pair.transport.read().empty());
  CHECK(pair.transport.take_unread() == Messages{"lost"});
}

TEST_CASE("memory transport: an engine that breaks the rules is noticed") {
  Pair pair(1);
  pair.write({framed("a")});
  pair.write({framed("b")});  // the first is pending
  CHECK(pair.transport.rules_broken() == 1);
  pair.transport.close(kClosed);
  pair.transport.close(kClosed);
  pair.transport.pause_reading();
  CHECK(pair.transport.rules_broken() == 3);
}

TEST_CASE("length framing: messages are cut out of any stream of bytes, at every point of it") {
  std::string stream;
  LengthFraming framing;
  for (const auto& message : {std::string(), std::string("a"), std::string(1'000, 'b')}) {
    framing.frame(message, stream);
  }
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    std::string bytes = stream.substr(0, cut);
    auto messages = LengthFraming::take_messages(bytes);
    bytes += stream.substr(cut);
    for (auto& message : LengthFraming::take_messages(bytes))
      messages.push_back(std::move(message));
    REQUIRE(messages == Messages{"", "a", std::string(1'000, 'b')});
    REQUIRE(bytes.empty());
  }
}

}  // namespace
}  // namespace madang
