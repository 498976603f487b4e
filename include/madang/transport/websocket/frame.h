// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace madang::websocket {

// One frame of RFC 6455, section 5: its header to and from bytes, and masking. What a frame means
// in a stream of frames is MessageReader's matter.

enum class Opcode : uint8_t {
  kContinuation = 0x0,
  kText = 0x1,
  kBinary = 0x2,
  kClose = 0x8,
  kPing = 0x9,
  kPong = 0xA,
};

constexpr bool is_control(Opcode opcode) { return static_cast<uint8_t>(opcode) >= 0x8; }

using MaskKey = std::array<char, 4>;

struct FrameHeader {
  Opcode opcode = Opcode::kText;
  bool fin = true;
  bool compressed = false;                     // RSV1, as permessage-deflate uses it.
  std::optional<MaskKey> mask = std::nullopt;  // Clients mask every frame, servers none.
  uint64_t payload_bytes = 0;
};

inline constexpr size_t kFrameHeaderBytesMax = 14;
inline constexpr size_t kControlPayloadBytesMax = 125;

// What parse_frame_header() found.
struct HeaderParse {
  size_t bytes = 0;             // The header's length; 0 if it is not yet whole or is an error.
  const char* error = nullptr;  // A short fixed text: close the connection with 1002.
};

// Reads the header that starts at the first byte. Refuses what no stream may contain: RSV2, RSV3,
// reserved opcodes, fragmented control frames and those over 125 bytes, lengths not in their
// shortest form or with the top bit set. `header` is complete only if `bytes` is not 0. Reading a
// prefix of the bytes gives the same error or asks for more.
HeaderParse parse_frame_header(std::string_view bytes, FrameHeader* header);

// Writes the header in its shortest form and returns its length. The payload must be shorter than
// 2^63 bytes and a control frame's no longer than kControlPayloadBytesMax.
size_t encode_frame_header(const FrameHeader& header, std::span<char, kFrameHeaderBytesMax> out);

// Appends a whole unmasked frame, as servers send them.
void append_frame(Opcode opcode, std::string_view payload, std::string* out);

// Appends a whole frame with the header's flags, masked if it has a key. The header's
// `payload_bytes` is ignored. This is what clients, load tools and tests write with.
void append_frame(FrameHeader header, std::string_view payload, std::string* out);

// Masks or unmasks in place, eight bytes a step. Returns the key for the bytes that follow, so that
// a payload may be treated in pieces of any length.
MaskKey apply_mask(std::span<char> data, MaskKey key);

}  // namespace madang::websocket
