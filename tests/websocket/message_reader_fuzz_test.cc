// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <array>
#include <random>
#include <string>

#include "madang/transport/websocket/close_code.h"
#include "madang/transport/websocket/message_reader.h"
#include "madang/transport/websocket/utf8.h"
#include "websocket/stream.h"

namespace madang::websocket {
namespace {

constexpr ReaderLimits kLimits = {
    .message_bytes_max = 200, .fragments_max = 6, .empty_fragments_max = 2};

using Random = std::minstd_rand;

std::string random_frame(Random& random) {
  constexpr std::array kOpcodes = {Opcode::kText, Opcode::kText,  Opcode::kBinary,
                                   Opcode::kPing, Opcode::kPong,  Opcode::kContinuation,
                                   Opcode::kPing, Opcode::kClose, Opcode::kContinuation};
  FrameHeader header = {.opcode = kOpcodes[random() % kOpcodes.size()]};
  header.fin = is_control(header.opcode) || random() % 3 != 0;
  header.compressed = random() % 16 == 0;
  if (header.opcode == Opcode::kClose && random() % 2 == 0) {
    return masked(header, build_close(kCloseNormal, "bye"));
  }
  const size_t size = random() % 8 == 0 ? random() % 125 : random() % 12;
  return masked(header, std::string(size, random() % 16 == 0 ? '\xE3' : 'x'));
}

std::string random_stream(Random& random) {
  std::string stream;
  for (size_t frames = 1 + random() % 6; frames > 0; --frames)
    stream += random_frame(random);
  for (size_t mutations = random() % 3; mutations > 0; --mutations) {
    char& byte = stream[random() % stream.size()];
    byte = static_cast<char>(random() % 2 == 0 ? byte ^ (1 << random() % 8) : random());
  }
  return stream;
}

struct Tally {
  size_t messages = 0;
  size_t controls = 0;
  size_t closes = 0;
  size_t errors = 0;
};

bool is_within_bounds(const Event& event) {
  switch (event.kind) {
    case EventKind::kMessage:
      return event.data.size() <= kLimits.message_bytes_max &&
             (event.binary || event.compressed || is_valid_utf8(event.data));
    case EventKind::kPing:
    case EventKind::kPong:
      return event.data.size() <= kControlPayloadBytesMax;
    case EventKind::kClose:
      return event.data.size() <= kCloseReasonBytesMax && is_valid_utf8(event.data) &&
             (event.code == kCloseNoStatus || is_valid_close_code(event.code));
    case EventKind::kError:
      return !event.data.empty() && event.code >= 1002 && event.code <= 1009;
    case EventKind::kNeedMore:
      return true;
  }
  return false;
}

// Reads one input to its end; false if a promise is broken.
bool drain(MessageReader& reader, std::span<char> input, Tally* tally) {
  for (size_t turns = input.size() + 1; turns > 0; --turns) {
    const bool had_ended = reader.ended();
    const Event event = reader.next(input);
    if (!is_within_bounds(event)) return false;
    if (event.kind == EventKind::kNeedMore) return input.empty();
    if (had_ended) return false;
    const bool ends = event.kind == EventKind::kClose || event.kind == EventKind::kError;
    if (ends != reader.ended()) return false;
    tally->messages += event.kind == EventKind::kMessage;
    tally->controls += event.kind == EventKind::kPing || event.kind == EventKind::kPong;
    tally->closes += event.kind == EventKind::kClose;
    tally->errors += event.kind == EventKind::kError;
  }
  return false;  // More events than bytes.
}

}  // namespace

TEST_CASE("reader: mutated frames break no bound and nothing follows an error") {
  Random random(20);
  Tally tally;
  for (int round = 0; round < 100'000; ++round) {
    const std::string stream = random_stream(random);
    MessageReader reader(Role::kServer, &kLimits, round % 2 == 0);
    for (size_t i = 0; i < stream.size();) {
      std::string input = stream.substr(i, 1 + random() % 64);
      i += input.size();
      if (!drain(reader, input, &tally)) FAIL("round " << round);
    }
  }
  // Every kind of event was met often.
  CHECK(tally.messages > 10'000);
  CHECK(tally.controls > 10'000);
  CHECK(tally.closes > 1'000);
  CHECK(tally.errors > 10'000);
}

TEST_CASE("reader: mutated frames give the same events however they are cut") {
  Random random(21);
  for (int round = 0; round < 5'000; ++round) {
    const std::string stream = random_stream(random);
    MessageReader whole(Role::kServer, &kLimits, round % 2 == 0);
    MessageReader bytewise(Role::kServer, &kLimits, round % 2 == 0);
    if (feed(whole, stream) != feed_in_pieces(bytewise, stream, 1)) FAIL("round " << round);
  }
}

}  // namespace madang::websocket
