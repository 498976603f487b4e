// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "madang/transport/websocket/close_code.h"
#include "madang/transport/websocket/frame.h"

namespace madang {

// What a client sends: one masked frame.
inline std::string client_frame(websocket::Opcode opcode, std::string_view payload, bool fin = true,
                                bool compressed = false) {
  std::string out;
  websocket::append_frame({.opcode = opcode,
                           .fin = fin,
                           .compressed = compressed,
                           .mask = websocket::MaskKey{0x12, 0x34, 0x56, 0x78}},
                          payload, &out);
  return out;
}

inline std::string text_frame(std::string_view payload) {
  return client_frame(websocket::Opcode::kText, payload);
}

// What a server sends: one frame.
inline std::string server_frame(websocket::Opcode opcode, std::string_view payload) {
  std::string out;
  websocket::append_frame(opcode, payload, &out);
  return out;
}

inline std::string server_close(std::uint16_t code, std::string_view reason) {
  return server_frame(websocket::Opcode::kClose, websocket::build_close(code, reason));
}

inline std::string client_close(std::uint16_t code, std::string_view reason = {}) {
  return client_frame(websocket::Opcode::kClose, websocket::build_close(code, reason));
}

struct ServerFrame {
  websocket::FrameHeader header;
  std::string payload;
};

// Takes the whole frames at the front of `bytes` out of it.
inline std::vector<ServerFrame> take_frames(std::string& bytes) {
  std::vector<ServerFrame> frames;
  for (;;) {
    ServerFrame frame;
    const auto parse = websocket::parse_frame_header(bytes, &frame.header);
    if (parse.bytes == 0 || bytes.size() - parse.bytes < frame.header.payload_bytes) return frames;
    frame.payload = bytes.substr(parse.bytes, frame.header.payload_bytes);
    bytes.erase(0, parse.bytes + frame.payload.size());
    frames.push_back(std::move(frame));
  }
}

}  // namespace madang
