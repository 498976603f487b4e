// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "madang/transport/websocket/frame.h"
#include "madang/transport/websocket/message_reader.h"

namespace madang::websocket {

inline constexpr MaskKey kTestKey = {'\x37', '\xFA', '\x21', '\x3D'};

inline std::string bytes(std::initializer_list<unsigned> values) {
  std::string out;
  for (unsigned value : values)
    out += static_cast<char>(value);
  return out;
}

// A frame as a client sends it.
inline std::string masked(FrameHeader header, std::string_view payload) {
  header.mask = kTestKey;
  std::string out;
  append_frame(header, payload, &out);
  return out;
}

inline std::string text(std::string_view payload) {
  return masked({.opcode = Opcode::kText}, payload);
}
inline std::string binary(std::string_view payload) {
  return masked({.opcode = Opcode::kBinary}, payload);
}
inline std::string ping(std::string_view payload) {
  return masked({.opcode = Opcode::kPing}, payload);
}
inline std::string close(std::string_view payload) {
  return masked({.opcode = Opcode::kClose}, payload);
}
inline std::string start(std::string_view payload) {
  return masked({.opcode = Opcode::kText, .fin = false}, payload);
}
inline std::string more(std::string_view payload) {
  return masked({.opcode = Opcode::kContinuation, .fin = false}, payload);
}
inline std::string last(std::string_view payload) {
  return masked({.opcode = Opcode::kContinuation}, payload);
}

inline std::string describe(const Event& event) {
  const std::string data(event.data);
  switch (event.kind) {
    case EventKind::kNeedMore:
      return "more";
    case EventKind::kMessage:
      return std::string(event.compressed ? "compressed " : "") +
             (event.binary ? "binary:" : "text:") + data;
    case EventKind::kPing:
      return "ping:" + data;
    case EventKind::kPong:
      return "pong:" + data;
    case EventKind::kClose:
      return "close:" + std::to_string(event.code) + ":" + data;
    case EventKind::kError:
      return "error:" + std::to_string(event.code) + ":" + data;
  }
  return "unknown";
}

// Feeds one input, from memory of exactly its size that ends with the call, and describes the
// events, one a line.
inline std::string feed(MessageReader& reader, std::string_view input) {
  std::vector<char> memory(input.begin(), input.end());
  std::span<char> rest(memory);
  std::string events;
  for (Event event = reader.next(rest); event.kind != EventKind::kNeedMore;
       event = reader.next(rest)) {
    events += describe(event) + "\n";
  }
  return rest.empty() ? events : events + "input left over\n";
}

inline std::string feed_in_pieces(MessageReader& reader, std::string_view input, size_t piece) {
  std::string events;
  for (size_t i = 0; i < input.size(); i += piece)
    events += feed(reader, input.substr(i, piece));
  return events;
}

inline constexpr ReaderLimits kTestLimits = {};

// The events of a whole stream, as a server reads it.
inline std::string events_of(std::string_view stream, const ReaderLimits& limits = kTestLimits,
                             bool compression = false) {
  MessageReader reader(Role::kServer, &limits, compression);
  return feed(reader, stream);
}

// The code of the error that a stream ends with, or 0.
inline int error_of(std::string_view stream, const ReaderLimits& limits = kTestLimits,
                    bool compression = false) {
  const std::string events = events_of(stream, limits, compression);
  const size_t line = events.rfind("error:");
  return line == std::string::npos ? 0 : std::stoi(events.substr(line + 6));
}

}  // namespace madang::websocket
