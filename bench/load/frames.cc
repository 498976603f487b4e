// SPDX-License-Identifier: Apache-2.0
#include "frames.h"

namespace load {

void append_client_frame(Opcode opcode, std::string_view payload, std::string* out) {
  constexpr char kMasked = static_cast<char>(0x80);
  const std::uint64_t size = payload.size();
  *out += static_cast<char>(0x80 | static_cast<std::uint8_t>(opcode));
  int length_bytes = 0;
  if (size < 126) {
    *out += static_cast<char>(kMasked | static_cast<char>(size));
  } else {
    length_bytes = size < 65'536 ? 2 : 8;
    *out += static_cast<char>(kMasked | (length_bytes == 2 ? 126 : 127));
  }
  for (int i = length_bytes - 1; i >= 0; --i)
    *out += static_cast<char>(size >> (8 * i));
  out->append(4, '\0');
  *out += payload;
}

}  // namespace load
