// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace madang::websocket {

// Checks UTF-8 that arrives in pieces, which may be cut anywhere, also inside a character.
//
// What RFC 3629 forbids is refused at the first byte that cannot be continued to valid text:
// overlong forms, surrogates, code points above U+10FFFF, stray continuation bytes. The state is
// four bytes whatever the length of the text. Thread-compatible.
class Utf8Validator {
 public:
  // Checks the next piece. False when the text so far cannot be the start of valid text; it stays
  // false from then on.
  bool feed(std::string_view bytes);

  // Whether the text may end here: everything fed was valid and the last character is whole.
  bool complete() const { return !failed_ && missing_ == 0; }

 private:
  const char* finish_character(const char* p, const char* end);
  bool start_character(unsigned char lead);

  uint8_t missing_ = 0;      // Continuation bytes that the open character still needs.
  uint8_t next_min_ = 0x80;  // Bounds of the next of them.
  uint8_t next_max_ = 0xBF;
  bool failed_ = false;
};

// Whether the text is valid and whole.
bool is_valid_utf8(std::string_view text);

// The length of the longest prefix of the text that is valid, ends between two characters and has
// at most `bytes_max` bytes. Costs O(bytes_max).
size_t valid_utf8_prefix(std::string_view text, size_t bytes_max);

}  // namespace madang::websocket
