// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace load {

// Every message published carries a mark: the room it is for, and its number there from 0. On the
// wire it is "@@" and twice eight hexadecimal digits, so that it lies within a JSON string, has the
// same length always, and is found whatever a server puts around it. A message of n bytes is
//
//   {"m":"@@rrrrrrrrssssssss","x":"abcdefgh..."}
struct Mark {
  std::uint32_t room = 0;
  std::uint32_t sequence = 0;
  bool operator==(const Mark&) const = default;
};

inline constexpr std::size_t kMarkerBytes = 18;
inline constexpr std::size_t kMessageBytesMin = 40;
inline constexpr std::size_t kMessageBytesMax = 60'000;

// A message, of which the mark is written later, again and again.
struct MessageText {
  std::string text;
  std::size_t marker = 0;     // where "@@" stands in `text`
  std::size_t pad = 0;        // where the padding stands, which is compared now and then
  std::size_t pad_bytes = 0;  // how long it is
};

// A message of `bytes` in all. `quoted`: as it stands within a JSON string, every quote after a
// backslash, and that much longer.
MessageText make_message(std::size_t bytes, bool quoted);

// Writes `value` as eight lower-case hexadecimal digits.
void write_hex(std::uint32_t value, char* out);

// Writes the sixteen digits behind the "@@" at `marker`.
void write_mark(Mark mark, char* marker);

// Reads eight lower-case hexadecimal digits. Of anything else it makes some number.
inline std::uint32_t read_hex(const char* digits) {
  std::uint64_t text;
  std::memcpy(&text, digits, sizeof text);
  const std::uint64_t letters = (text >> 6) & 0x0101010101010101u;
  std::uint64_t value = (text & 0x0f0f0f0f0f0f0f0fu) + letters * 9;
  value = ((value << 4) | (value >> 8)) & 0x00ff00ff00ff00ffu;
  value = (value | (value >> 8)) & 0x0000ffff0000ffffu;
  return __builtin_bswap32(static_cast<std::uint32_t>(value | (value >> 16)));
}

inline bool is_marker(const char* marker) { return marker[0] == '@' && marker[1] == '@'; }

inline Mark read_mark(const char* marker) { return {read_hex(marker + 2), read_hex(marker + 10)}; }

// Where the first whole marker at or after `from` stands, or npos.
std::size_t find_marker(std::string_view text, std::size_t from);

}  // namespace load
