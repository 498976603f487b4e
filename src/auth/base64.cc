// SPDX-License-Identifier: Apache-2.0
#include "auth/base64.h"

#include <array>
#include <cstdint>

namespace madang {
namespace {

constexpr std::uint8_t kNone = 0xff;
using Table = std::array<std::uint8_t, 256>;

constexpr Table table_of(char c62, char c63) {
  Table table{};
  table.fill(kNone);
  for (std::uint8_t i = 0; i < 26; ++i) {
    table[static_cast<std::size_t>('A' + i)] = i;
    table[static_cast<std::size_t>('a' + i)] = static_cast<std::uint8_t>(26 + i);
  }
  for (std::uint8_t i = 0; i < 10; ++i)
    table[static_cast<std::size_t>('0' + i)] = static_cast<std::uint8_t>(52 + i);
  table[static_cast<unsigned char>(c62)] = 62;
  table[static_cast<unsigned char>(c63)] = 63;
  return table;
}

constexpr Table kUrl = table_of('-', '_');
constexpr Table kPlain = table_of('+', '/');

bool decode(const Table& table, std::string_view text, std::string& bytes) {
  if (text.size() % 4 == 1) return false;
  bytes.clear();
  bytes.reserve(text.size() / 4 * 3 + 2);
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char c : text) {
    const auto value = table[static_cast<unsigned char>(c)];
    if (value == kNone) return false;
    bits = (bits << 6 | value) & 0xffff;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes.push_back(static_cast<char>(bits >> count & 0xff));
  }
  return (bits & ((1u << count) - 1)) == 0;
}

}  // namespace

bool decode_base64url(std::string_view text, std::string& bytes) {
  return decode(kUrl, text, bytes);
}

std::string encode_base64url(std::string_view bytes) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string text;
  text.reserve((bytes.size() * 4 + 2) / 3);
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char c : bytes) {
    bits = bits << 8 | static_cast<unsigned char>(c);
    for (count += 8; count >= 6; count -= 6)
      text += kAlphabet[bits >> (count - 6) & 0x3f];
  }
  if (count > 0) text += kAlphabet[bits << (6 - count) & 0x3f];
  return text;
}

bool decode_base64(std::string_view text, std::string& bytes) {
  if (text.size() % 4 != 0) return false;
  for (int i = 0; i < 2 && text.ends_with('='); ++i)
    text.remove_suffix(1);
  return decode(kPlain, text, bytes);
}

}  // namespace madang
