// SPDX-License-Identifier: Apache-2.0
#include "protocol/centrifuge/json_text.h"

#include <cstddef>

#include "protocol/centrifuge/utf8.h"

namespace madang::centrifuge {
namespace {

unsigned byte_at(std::string_view text, std::size_t i) {
  return static_cast<unsigned char>(text[i]);
}

// The bytes from the front of `text` that need no change: a run of ASCII, one other character, or
// 0.
std::size_t plain_size(std::string_view text) {
  std::size_t size = 0;
  while (size < text.size() && kPlainInJson[byte_at(text, size)])
    ++size;
  return size > 0 || byte_at(text, 0) < 0x80 ? size : utf8_character_size(text);
}

void append_changed(unsigned byte, std::string& out) {
  constexpr char kHex[] = "0123456789abcdef";
  if (byte >= 0x80) {
    out += kReplacementCharacter;
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
