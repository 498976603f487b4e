// SPDX-License-Identifier: Apache-2.0
#include "madang/base/client_id.h"

#include <cstddef>

namespace madang {

std::optional<ClientId> ClientId::parse(std::string_view text) {
  if (text.size() != 36) return std::nullopt;
  ClientId id;
  unsigned nibbles = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      if (c != '-') return std::nullopt;
      continue;
    }
    const char small = c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
    int nibble = 0;
    if (small >= '0' && small <= '9') {
      nibble = small - '0';
    } else if (small >= 'a' && small <= 'f') {
      nibble = small - 'a' + 10;
    } else {
      return std::nullopt;
    }
    std::uint64_t& word = nibbles++ < 16 ? id.high_ : id.low_;
    word = word << 4 | static_cast<std::uint64_t>(nibble);
  }
  return id;
}

std::string ClientId::text() const {
  std::string text(36, '-');
  std::size_t at = 0;
  for (const std::uint64_t word : {high_, low_}) {
    for (int shift = 60; shift >= 0; shift -= 4) {
      if (at == 8 || at == 13 || at == 18 || at == 23) ++at;
      text[at++] = "0123456789abcdef"[(word >> shift) & 15];
    }
  }
  return text;
}

}  // namespace madang
