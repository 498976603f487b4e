// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

#include "madang/transport/websocket/close_code.h"
#include "madang/transport/websocket/message_reader.h"
#include "websocket/stream.h"

namespace madang::websocket {
namespace {

constexpr ReaderLimits kLimits = {
    .message_bytes_max = 400, .fragments_max = 8, .empty_fragments_max = 3};

const std::string kKorean = "\xEB\xA7\x88\xEB\x8B\xB9 \xF0\x9F\x98\x80";

// Good and bad streams; what each gives is for other tests to say.
std::vector<std::string> corpus() {
  const std::string compressed =
      masked({.opcode = Opcode::kText, .fin = false, .compressed = true}, "\xF2\x48\xCD");
  return {
      text("") + text("a") + binary(std::string(130, '\xFF')) + text(kKorean),
      ping("") + ping(std::string(125, 'p')) + masked({.opcode = Opcode::kPong}, "pong"),
      start("one") + ping("between") + more("") + ping("") + more(kKorean) + last("three"),
      start(kKorean.substr(0, 1)) + more(kKorean.substr(1, 1)) + last(kKorean.substr(2)),
      compressed + ping("between") + last("\xC9\xC9\x07\x00") + text("after"),
      text("before") + close(build_close(1000, "bye " + kKorean)) + text("never"),
      close("") + text("never"),
      start("a") + close(build_close(4001, "in the middle")),
      text(std::string(399, 'x') + "\xEB"),
      text("good" + kKorean + "\xED\xA0\x80 surrogate"),
      start("good") + more("\xF4") + last("\x90"),
      close("\x03"),
      close(bytes({0x03, 0xEE})),
      close(bytes({0x03, 0xE8, 'x', 0xC0, 0x80})),
      text("before") + text(std::string(401, 'x')),
      start(std::string(399, 'x')) + more("y") + last("z"),
      start("") + more("") + more("") + more("") + last("x"),
      start("1") + more("2") + more("3") + more("4") + more("5") + more("6") + more("7") +
          more("8") + last("9"),
      text("before") + last("x"),
      start("a") + ping("b") + text("c"),
      text("a") + bytes({0x81, 0x01, 'x'}),
      text("a") + bytes({0x83, 0x80, 1, 2, 3, 4}),
      text("a") + bytes({0x91, 0x80, 1, 2, 3, 4}),
      text("a") + bytes({0x09, 0x80, 1, 2, 3, 4}),
      text("a") + bytes({0x89, 0xFE, 0x00, 0x7E, 1, 2, 3, 4}),
      text("a") + bytes({0xC0, 0x80, 1, 2, 3, 4}),
      text("a") + bytes({0x82, 0xFE, 0x00, 0x10, 1, 2, 3, 4}),
      text("a") + bytes({0x82, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 1, 1, 2, 3, 4}),
      text("a") + bytes({0x82, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1, 2, 3, 4}),
      text("unfinished").substr(0, 9),
  };
}

MessageReader make_reader() { return MessageReader(Role::kServer, &kLimits, true); }

}  // namespace

TEST_CASE("reader: every stream gives the same events at every split point") {
  size_t events_seen = 0;
  for (const std::string& stream : corpus()) {
    MessageReader whole_reader = make_reader();
    const std::string whole = feed(whole_reader, stream);
    events_seen += whole.size();
    for (size_t cut = 0; cut <= stream.size(); ++cut) {
      MessageReader reader = make_reader();
      const std::string first = feed(reader, std::string_view(stream).substr(0, cut));
      CHECK(first + feed(reader, std::string_view(stream).substr(cut)) == whole);
      CHECK(reader.in_message() == whole_reader.in_message());
    }
  }
  CHECK(events_seen > 1000);
}

TEST_CASE("reader: every stream gives the same events in pieces of any length") {
  for (const std::string& stream : corpus()) {
    MessageReader whole_reader = make_reader();
    const std::string whole = feed(whole_reader, stream);
    for (size_t piece = 1; piece <= 24; ++piece) {
      MessageReader reader = make_reader();
      CHECK(feed_in_pieces(reader, stream, piece) == whole);
    }
  }
}

TEST_CASE("reader: every stream gives the same events at random splits") {
  std::mt19937 random(11);
  for (const std::string& stream : corpus()) {
    MessageReader whole_reader = make_reader();
    const std::string whole = feed(whole_reader, stream);
    for (int round = 0; round < 50; ++round) {
      MessageReader reader = make_reader();
      std::string events;
      for (size_t i = 0; i < stream.size();) {
        const size_t piece = random() % 30;  // Empty inputs too.
        events += feed(reader, std::string_view(stream).substr(i, piece));
        i += piece;
      }
      CHECK(events == whole);
    }
  }
}

}  // namespace madang::websocket
