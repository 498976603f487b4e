// SPDX-License-Identifier: Apache-2.0
#include "madang/transport/http_stream/stream_secret.h"

#include <cstddef>

namespace madang {

namespace {

constexpr std::size_t kDigits = 16;  // of one half
constexpr std::string_view kHex = "0123456789abcdef";

std::optional<std::uint64_t> parse_half(std::string_view text) {
  std::uint64_t half = 0;
  for (const char c : text) {
    const std::size_t digit = kHex.find(c);
    if (digit == kHex.npos) return std::nullopt;
    half = half << 4 | digit;
  }
  return half;
}

void append_half(std::uint64_t half, std::string& text) {
  for (std::size_t i = kDigits; i-- > 0;)
    text += kHex[(half >> (4 * i)) & 0xf];
}

}  // namespace

std::optional<StreamSecret> StreamSecret::parse(std::string_view text) {
  if (text.size() != 2 * kDigits) return std::nullopt;
  const auto high = parse_half(text.substr(0, kDigits));
  const auto low = parse_half(text.substr(kDigits));
  if (!high || !low) return std::nullopt;
  StreamSecret secret;
  secret.high_ = *high;
  secret.low_ = *low;
  return secret;
}

std::string StreamSecret::text() const {
  std::string text;
  text.reserve(2 * kDigits);
  append_half(high_, text);
  append_half(low_, text);
  return text;
}

}  // namespace madang
