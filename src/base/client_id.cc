// SPDX-License-Identifier: Apache-2.0
#include "madang/base/client_id.h"

#include <cstddef>

namespace madang {

ClientId ClientId::from_bits(std::uint64_t high, std::uint64_t low) {
  high = (high & ~0xf000ull) | 0x4000ull;
  low = (low & ~(3ull << 62)) | (2ull << 62);
  ClientId id;
  std::size_t at = 0;
  for (int nibble = 0; nibble < 32; ++nibble) {
    if (nibble == 8 || nibble == 12 || nibble == 16 || nibble == 20) id.text_[at++] = '-';
    const std::uint64_t word = nibble < 16 ? high : low;
    id.text_[at++] = "0123456789abcdef"[(word >> (60 - 4 * (nibble % 16))) & 15];
  }
  return id;
}

}  // namespace madang
