// SPDX-License-Identifier: Apache-2.0
#include "madang/transport/websocket/frame.h"

#include <cassert>
#include <cstring>

namespace madang::websocket {
namespace {

constexpr unsigned kFin = 0x80;
constexpr unsigned kRsv1 = 0x40;
constexpr unsigned kRsv2And3 = 0x30;
constexpr unsigned kMasked = 0x80;
constexpr unsigned kLengthIn16Bits = 126;
constexpr unsigned kLengthIn64Bits = 127;

bool is_known_opcode(unsigned opcode) { return opcode <= 0x2 || (opcode >= 0x8 && opcode <= 0xA); }

uint64_t read_big_endian(std::string_view bytes) {
  uint64_t value = 0;
  for (char byte : bytes)
    value = value << 8 | static_cast<unsigned char>(byte);
  return value;
}

void write_big_endian(uint64_t value, size_t size, char* out) {
  for (size_t i = size; i-- > 0; value >>= 8)
    out[i] = static_cast<char>(value & 0xFF);
}

size_t length_field_bytes(unsigned length_code) {
  if (length_code == kLengthIn16Bits) return 2;
  return length_code == kLengthIn64Bits ? 8 : 0;
}

const char* first_bytes_error(unsigned first, unsigned length_code) {
  if ((first & kRsv2And3) != 0) return "reserved bit set";
  if (!is_known_opcode(first & 0x0F)) return "reserved opcode";
  if (is_control(static_cast<Opcode>(first & 0x0F))) {
    if ((first & kFin) == 0) return "fragmented control frame";
    if (length_code > kControlPayloadBytesMax) return "control frame too long";
  }
  return nullptr;
}

const char* length_error(unsigned length_code, uint64_t length) {
  if (length_code == kLengthIn16Bits) return length < 126 ? "length not minimal" : nullptr;
  if (length_code == kLengthIn64Bits) {
    if (length >> 63 != 0) return "length with the top bit set";
    if (length <= 0xFFFF) return "length not minimal";
  }
  return nullptr;
}

}  // namespace

HeaderParse parse_frame_header(std::string_view bytes, FrameHeader* header) {
  if (bytes.size() < 2) return {};
  const unsigned first = static_cast<unsigned char>(bytes[0]);
  const unsigned second = static_cast<unsigned char>(bytes[1]);
  const unsigned length_code = second & 0x7F;
  if (const char* error = first_bytes_error(first, length_code)) return {0, error};
  header->opcode = static_cast<Opcode>(first & 0x0F);
  header->fin = (first & kFin) != 0;
  header->compressed = (first & kRsv1) != 0;

  size_t size = 2;
  header->payload_bytes = length_code;
  if (const size_t field = length_field_bytes(length_code); field > 0) {
    if (bytes.size() < size + field) return {};
    header->payload_bytes = read_big_endian(bytes.substr(size, field));
    if (const char* error = length_error(length_code, header->payload_bytes)) return {0, error};
    size += field;
  }

  header->mask.reset();
  if ((second & kMasked) != 0) {
    if (bytes.size() < size + sizeof(MaskKey)) return {};
    std::memcpy(header->mask.emplace().data(), bytes.data() + size, sizeof(MaskKey));
    size += sizeof(MaskKey);
  }
  return {size, nullptr};
}

size_t encode_frame_header(const FrameHeader& header, std::span<char, kFrameHeaderBytesMax> out) {
  assert(header.payload_bytes >> 63 == 0);
  assert(!is_control(header.opcode) || header.payload_bytes <= kControlPayloadBytesMax);
  unsigned length_code = kLengthIn64Bits;
  if (header.payload_bytes <= 0xFFFF) length_code = kLengthIn16Bits;
  if (header.payload_bytes < kLengthIn16Bits) {
    length_code = static_cast<unsigned>(header.payload_bytes);
  }
  out[0] = static_cast<char>(static_cast<unsigned>(header.opcode) | (header.fin ? kFin : 0) |
                             (header.compressed ? kRsv1 : 0));
  out[1] = static_cast<char>(length_code | (header.mask ? kMasked : 0));
  size_t size = 2;
  const size_t field = length_field_bytes(length_code);
  write_big_endian(header.payload_bytes, field, out.data() + size);
  size += field;
  if (header.mask) {
    std::memcpy(out.data() + size, header.mask->data(), sizeof(MaskKey));
    size += sizeof(MaskKey);
  }
  return size;
}

void append_frame(Opcode opcode, std::string_view payload, std::string* out) {
  append_frame(FrameHeader{.opcode = opcode}, payload, out);
}

void append_frame(FrameHeader header, std::string_view payload, std::string* out) {
  header.payload_bytes = payload.size();
  std::array<char, kFrameHeaderBytesMax> head;
  const size_t head_bytes = encode_frame_header(header, head);
  out->append(head.data(), head_bytes);
  const size_t start = out->size();
  out->append(payload);
  if (header.mask) apply_mask(std::span<char>(*out).subspan(start), *header.mask);
}

MaskKey apply_mask(std::span<char> data, MaskKey key) {
  uint32_t key_32;
  std::memcpy(&key_32, key.data(), sizeof(key_32));
  const uint64_t key_64 = static_cast<uint64_t>(key_32) << 32 | key_32;
  char* p = data.data();
  size_t left = data.size();
  for (; left >= sizeof(key_64); left -= sizeof(key_64), p += sizeof(key_64)) {
    uint64_t word;
    std::memcpy(&word, p, sizeof(word));
    word ^= key_64;
    std::memcpy(p, &word, sizeof(word));
  }
  for (size_t i = 0; i < left; ++i)
    p[i] = static_cast<char>(p[i] ^ key[i % 4]);
  return {key[left % 4], key[(left + 1) % 4], key[(left + 2) % 4], key[(left + 3) % 4]};
}

}  // namespace madang::websocket
