// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace madang::fossil {

// What both sides of the Fossil delta format must agree on:
//
//   patch   = size "\n" *( copy / literal ) checksum ";"
//   copy    = count "@" offset ","            count bytes of the source from offset on
//   literal = count ":" count bytes
//
// A number is written in base 64, highest digit first.
inline constexpr std::string_view kDigits =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~";
static_assert(kDigits.size() == 64);

inline constexpr std::uint8_t kNoDigit = 64;

inline constexpr std::array<std::uint8_t, 256> kValues = [] {
  std::array<std::uint8_t, 256> values{};
  values.fill(kNoDigit);
  for (std::size_t i = 0; i < kDigits.size(); ++i)
    values[static_cast<unsigned char>(kDigits[i])] = static_cast<std::uint8_t>(i);
  return values;
}();

// How many digits `number` takes.
inline std::size_t digits_of(std::size_t number) {
  return number == 0 ? 1 : (static_cast<std::size_t>(std::bit_width(number)) + 5) / 6;
}

// The sum, modulo 2^32, of the text's 32-bit words, highest byte first, as if zeros followed it.
inline std::uint32_t checksum(std::string_view text) {
  const auto byte = [bytes = text.data()](std::size_t i) -> std::uint32_t {
    return static_cast<unsigned char>(bytes[i]);
  };
  const std::size_t whole = text.size() & ~std::size_t{3};
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < whole; i += 4)
    sum += byte(i) << 24 | byte(i + 1) << 16 | byte(i + 2) << 8 | byte(i + 3);
  for (std::size_t i = whole; i < text.size(); ++i)
    sum += byte(i) << (24 - 8 * (i - whole));
  return sum;
}

}  // namespace madang::fossil
