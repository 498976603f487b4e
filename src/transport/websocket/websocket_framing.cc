// SPDX-License-Identifier: Apache-2.0
#include "madang/transport/websocket/websocket_framing.h"

#include "madang/transport/websocket/frame.h"

namespace madang {

namespace {

// A scratch buffer beyond this is given back after use.
constexpr std::size_t kScratchBytesKept = 256 * 1024;

websocket::Opcode opcode(MessageKind kind) {
  return kind == MessageKind::kText ? websocket::Opcode::kText : websocket::Opcode::kBinary;
}

}  // namespace

void PlainFraming::frame(std::string_view message, std::string& out) {
  websocket::append_frame(opcode(kind_), message, &out);
}

void DeflateFraming::frame(std::string_view message, std::string& out) {
  compressed_.clear();
  if (message.size() >= threshold_bytes_) deflater_.compress(message, &compressed_);
  if (compressed_.empty() || compressed_.size() >= message.size()) {
    websocket::append_frame(opcode(kind_), message, &out);
  } else {
    websocket::append_frame({.opcode = opcode(kind_), .compressed = true}, compressed_, &out);
  }
  if (compressed_.capacity() > kScratchBytesKept) compressed_ = {};
}

}  // namespace madang
