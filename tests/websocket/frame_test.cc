// SPDX-License-Identifier: Apache-2.0
#include "madang/transport/websocket/frame.h"

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <string_view>

#include "websocket/stream.h"

namespace madang::websocket {
namespace {

std::string encode(const FrameHeader& header) {
  std::array<char, kFrameHeaderBytesMax> out;
  return {out.data(), encode_frame_header(header, out)};
}

bool is_refused(const std::string& frame) {
  FrameHeader header;
  return parse_frame_header(frame, &header).error != nullptr;
}

}  // namespace

TEST_CASE("frame: the examples of RFC 6455, section 5.7") {
  std::string out;
  append_frame(Opcode::kText, "Hello", &out);
  CHECK(out == bytes({0x81, 0x05, 'H', 'e', 'l', 'l', 'o'}));
  CHECK(text("Hello") == bytes({0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58}));
  CHECK(encode({.opcode = Opcode::kBinary, .payload_bytes = 256}) ==
        bytes({0x82, 0x7E, 0x01, 0x00}));
  CHECK(encode({.opcode = Opcode::kBinary, .payload_bytes = 65536}) ==
        bytes({0x82, 0x7F, 0, 0, 0, 0, 0, 1, 0, 0}));
}

TEST_CASE("frame: every header is read back from its bytes, and from no prefix of them") {
  const uint64_t lengths[] = {
      0, 1, 125, 126, 127, 65535, 65536, uint64_t{1} << 32, (uint64_t{1} << 63) - 1};
  for (uint64_t length : lengths) {
    for (unsigned flags = 0; flags < 8; ++flags) {
      FrameHeader header = {.opcode = Opcode::kBinary, .payload_bytes = length};
      header.fin = (flags & 1) != 0;
      header.compressed = (flags & 2) != 0;
      if ((flags & 4) != 0) header.mask = kTestKey;
      const std::string whole = encode(header);
      FrameHeader read;
      for (size_t cut = 0; cut < whole.size(); ++cut) {
        const HeaderParse parse = parse_frame_header(whole.substr(0, cut), &read);
        CHECK(parse.bytes == 0);
        CHECK(parse.error == nullptr);
      }
      CHECK(parse_frame_header(whole + "payload", &read).bytes == whole.size());
      CHECK(read.opcode == header.opcode);
      CHECK(read.fin == header.fin);
      CHECK(read.compressed == header.compressed);
      CHECK(read.mask == header.mask);
      CHECK(read.payload_bytes == length);
    }
  }
}

TEST_CASE("frame: only the six opcodes of the RFC are known") {
  for (unsigned opcode = 0; opcode < 16; ++opcode) {
    const bool known = opcode <= 2 || (opcode >= 8 && opcode <= 10);
    CHECK(is_refused(bytes({0x80 | opcode, 0x80})) == !known);
  }
}

TEST_CASE("frame: RSV2 and RSV3 are refused, RSV1 is left to the reader") {
  CHECK(is_refused(bytes({0xA1, 0x80})));
  CHECK(is_refused(bytes({0x91, 0x80})));
  CHECK_FALSE(is_refused(bytes({0xC1, 0x80, 0, 0, 0, 0})));
}

TEST_CASE("frame: a control frame is whole and has at most 125 bytes") {
  for (unsigned opcode : {0x8u, 0x9u, 0xAu}) {
    CHECK_FALSE(is_refused(bytes({0x80 | opcode, 0x80 | 125, 0, 0, 0, 0})));
    CHECK(is_refused(bytes({0x80 | opcode, 0x80 | 126})));
    CHECK(is_refused(bytes({0x80 | opcode, 0x80 | 127})));
    CHECK(is_refused(bytes({opcode, 0x80})));
  }
}

TEST_CASE("frame: a length that is not in its shortest form is refused") {
  CHECK(is_refused(bytes({0x82, 0xFE, 0x00, 0x7D})));
  CHECK_FALSE(is_refused(bytes({0x82, 0xFE, 0x00, 0x7E})));
  CHECK(is_refused(bytes({0x82, 0xFF, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF})));
  CHECK_FALSE(is_refused(bytes({0x82, 0xFF, 0, 0, 0, 0, 0, 1, 0, 0})));
}

TEST_CASE("frame: a length with the top bit set is refused") {
  CHECK(is_refused(bytes({0x82, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0})));
  CHECK(is_refused(bytes({0x82, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF})));
}

TEST_CASE("frame: masking in pieces is masking byte by byte") {
  std::mt19937 random(3);
  for (size_t size = 0; size <= 40; ++size) {
    std::string plain(size, '\0');
    for (char& c : plain)
      c = static_cast<char>(random());
    std::string expected = plain;
    for (size_t i = 0; i < size; ++i)
      expected[i] = static_cast<char>(plain[i] ^ kTestKey[i % 4]);
    for (size_t cut = 0; cut <= size; ++cut) {
      std::string data = plain;
      const std::span<char> whole(data);
      const MaskKey key = apply_mask(whole.first(cut), kTestKey);
      apply_mask(whole.subspan(cut), key);
      CHECK(data == expected);
    }
  }
}

}  // namespace madang::websocket
