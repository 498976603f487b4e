// SPDX-License-Identifier: Apache-2.0
#include "madang/transport/websocket/utf8.h"

#include <algorithm>
#include <cstring>

namespace madang::websocket {
namespace {

constexpr uint64_t kHighBits = 0x8080808080808080;

uint64_t load_64(const char* p) {
  uint64_t word;
  std::memcpy(&word, p, sizeof(word));
  return word;
}

uint32_t load_big_endian_32(const char* p) {
  uint32_t word = 0;
  for (int i = 0; i < 4; ++i)
    word = word << 8 | static_cast<unsigned char>(p[i]);
  return word;
}

// The length of the character at `p`, not an ASCII one, of which at least four bytes are readable;
// 0 if it is invalid.
size_t whole_character(const char* p) {
  const uint32_t word = load_big_endian_32(p);
  if ((word & 0xF0C0C000) == 0xE0808000) {
    const uint32_t top_bits =
        word & 0x0F200000;  // Of the code point: 0 is overlong, D a surrogate.
    return top_bits != 0 && top_bits != 0x0D200000 ? 3 : 0;
  }
  if ((word & 0xE0C00000) == 0xC0800000) return word >= 0xC2000000 ? 2 : 0;
  const bool four_bytes = (word & 0xF8C0C0C0) == 0xF0808080;
  return four_bytes && word >= 0xF0900000 && word < 0xF4900000 ? 4 : 0;
}

// Skips valid characters, eight bytes of ASCII a step, while eight bytes are left. Stops before a
// bad character, for the caller to find.
const char* skip_valid(const char* p, const char* end) {
  while (end - p >= 8) {
    const uint64_t word = load_64(p);
    if ((word & kHighBits) == 0) {
      p += 8;
      continue;
    }
    while (static_cast<signed char>(*p) >= 0)
      ++p;
    // Text that is not ASCII rarely has one such character alone, so stay here while they come.
    while (end - p >= 4 && static_cast<signed char>(*p) < 0) {
      const size_t length = whole_character(p);
      if (length == 0) return p;
      p += length;
    }
  }
  return p;
}

}  // namespace

bool Utf8Validator::feed(std::string_view bytes) {
  const char* p = bytes.data();
  const char* const end = p + bytes.size();
  p = finish_character(p, end);
  if (p != end && missing_ == 0 && !failed_) p = skip_valid(p, end);
  // Fewer than eight bytes are left, or a bad character comes next.
  while (p != end && !failed_) {
    failed_ = !start_character(static_cast<unsigned char>(*p++));
    p = finish_character(p, end);
  }
  return !failed_;
}

const char* Utf8Validator::finish_character(const char* p, const char* end) {
  for (; p != end && missing_ > 0 && !failed_; ++p) {
    const auto byte = static_cast<unsigned char>(*p);
    failed_ = byte < next_min_ || byte > next_max_;
    next_min_ = 0x80;
    next_max_ = 0xBF;
    --missing_;
  }
  return p;
}

bool Utf8Validator::start_character(unsigned char lead) {
  if (lead < 0x80) return true;
  if (lead < 0xC2 || lead > 0xF4) return false;
  missing_ = lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
  if (lead == 0xE0) next_min_ = 0xA0;
  if (lead == 0xED) next_max_ = 0x9F;
  if (lead == 0xF0) next_min_ = 0x90;
  if (lead == 0xF4) next_max_ = 0x8F;
  return true;
}

bool is_valid_utf8(std::string_view text) {
  Utf8Validator validator;
  return validator.feed(text) && validator.complete();
}

size_t valid_utf8_prefix(std::string_view text, size_t bytes_max) {
  Utf8Validator validator;
  size_t length = 0;
  const size_t end = std::min(text.size(), bytes_max);
  for (size_t i = 0; i < end && validator.feed(text.substr(i, 1)); ++i) {
    if (validator.complete()) length = i + 1;
  }
  return length;
}

}  // namespace madang::websocket
