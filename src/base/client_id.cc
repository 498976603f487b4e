// SPDX-License-Identifier: Apache-2.0
#include "madang/base/client_id.h"

namespace madang {

std::string ClientId::text() const {
  std::string text;
  text.reserve(36);
  for (int nibble = 0; nibble < 32; ++nibble) {
    if (nibble == 8 || nibble == 12 || nibble == 16 || nibble == 20) text += '-';
    const std::uint64_t word = nibble < 16 ? high_ : low_;
    text += "0123456789abcdef"[(word >> (60 - 4 * (nibble % 16))) & 15];
  }
  return text;
}

}  // namespace madang
