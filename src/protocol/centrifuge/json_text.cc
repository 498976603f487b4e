// SPDX-License-Identifier: Apache-2.0
#include "protocol/centrifuge/json_text.h"

#include <cstddef>

namespace madang::centrifuge {
namespace {

unsigned byte_at(std::string_view text, std::size_t i) {
  return static_cast<unsigned char>(text[i]);
}

// The bytes of the character beyond ASCII that `text` begins with; 0 if there is none (RFC 3629).
std::size_t character_size(std::string_view text) {
  const unsigned lead = byte_at(text, 0);
  if (lead < 0xC2 || lead > 0xF4) return 0;
  const std::size_t size = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (text.size() < size) return 0;
  // The second byte rules out long forms, surrogates and what is above U+10FFFF.
  const unsigned least = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  const unsigned most = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  if (byte_at(text, 1) < least || byte_at(text, 1) > most) return 0;
  for (std::size_t i = 2; i < size; ++i) {
    if ((byte_at(text, i) & 0xC0) != 0x80) return 0;
  }
  return size;
}

// The bytes from the front of `text` that need no change: one character, or 0.
std::size_t plain_size(std::string_view text) {
  const unsigned byte = byte_at(text, 0);
  if (byte >= 0x80) return character_size(text);
  return byte >= 0x20 && byte != '"' && byte != '\\' ? 1 : 0;
}

void append_changed(unsigned byte, std::string& out) {
  constexpr char kHex[] = "0123456789abcdef";
  if (byte >= 0x80) {
    out += "\xEF\xBF\xBD";
  } else if (byte >= 0x20) {
    out += '\\';
    out += static_cast<char>(byte);
  } else {
    out += "\\u00";
    out += kHex[byte >> 4];
    out += kHex[byte & 15];
  }
}

}  // namespace

void append_json_string(std::string_view text, std::string& out) {
  out += '"';
  std::size_t plain = 0;
  while (plain < text.size()) {
    const auto size = plain_size(text.substr(plain));
    plain += size;
    if (size != 0) continue;
    out += text.substr(0, plain);
    append_changed(byte_at(text, plain), out);
    text.remove_prefix(plain + 1);
    plain = 0;
  }
  out += text;
  out += '"';
}

}  // namespace madang::centrifuge
