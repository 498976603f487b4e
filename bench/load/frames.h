// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace load {

// The WebSocket frames of a client that trusts nobody's code but this: it is a witness.

inline constexpr std::size_t kFrameHeaderBytesMax = 14;
inline constexpr std::size_t kFramePayloadBytesMax = 1024 * 1024;

enum class Opcode : std::uint8_t { kText = 1, kBinary = 2, kClose = 8, kPing = 9, kPong = 10 };

struct FrameHeader {
  Opcode opcode = Opcode::kText;
  std::uint32_t header_bytes = 0;
  std::uint32_t payload_bytes = 0;
};

enum class FrameRead : std::uint8_t {
  kWhole,       // The header is read; its payload may still be under way.
  kIncomplete,  // More bytes are needed for the header.
  kFragmented,  // Not said by any server that is measured here, so not understood.
  kWrong,       // Masked, reserved bits or opcode, or a payload above kFramePayloadBytesMax.
};

// Reads the header of a server's frame from the `size` bytes at `bytes`.
inline FrameRead read_frame_header(const char* bytes, std::size_t size, FrameHeader* out) {
  if (size < 2) return FrameRead::kIncomplete;
  const auto byte = [bytes](std::size_t i) { return static_cast<std::uint8_t>(bytes[i]); };
  std::uint64_t length = byte(1);  // A mask bit makes it 128 or more.
  out->header_bytes = 2;
  if (length == 126) {
    if (size < 4) return FrameRead::kIncomplete;
    length = std::uint64_t{byte(2)} << 8 | byte(3);
    out->header_bytes = 4;
  } else if (length == 127) {
    if (size < 10) return FrameRead::kIncomplete;
    length = 0;
    for (std::size_t i = 2; i < 10; ++i)
      length = length << 8 | byte(i);
    out->header_bytes = 10;
  } else if (length > 127) {
    return FrameRead::kWrong;
  }
  if (length > kFramePayloadBytesMax) return FrameRead::kWrong;
  out->payload_bytes = static_cast<std::uint32_t>(length);
  out->opcode = static_cast<Opcode>(byte(0) & 15);
  switch (byte(0)) {
    case 0x81:
    case 0x82:
    case 0x88:
    case 0x89:
    case 0x8a:
      return FrameRead::kWhole;
    case 0x00:
    case 0x01:
    case 0x02:
    case 0x80:
      return FrameRead::kFragmented;
    default:
      return FrameRead::kWrong;
  }
}

// Appends a client's frame. Its mask key is zero, which is as good as any to a server, who can not
// know and unmasks all the same; so a payload may be changed where it lies.
void append_client_frame(Opcode opcode, std::string_view payload, std::string* out);

}  // namespace load
