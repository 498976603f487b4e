// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace madang {

// Numbers of seven bits a byte, the lowest first, with the eighth set in all but the last.
inline void append_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7)
    out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}

// Takes one off the front. Nothing: there is none.
inline std::optional<std::uint64_t> take_varint(std::string_view& from) {
  std::uint64_t value = 0;
  int shift = 0;
  for (std::size_t i = 0; i < from.size() && shift < 64; ++i, shift += 7) {
    const auto byte = static_cast<unsigned char>(from[i]);
    value |= std::uint64_t{byte & 0x7fU} << shift;
    if (byte >= 0x80) continue;
    from.remove_prefix(i + 1);
    return value;
  }
  return std::nullopt;
}

}  // namespace madang
