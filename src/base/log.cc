// SPDX-License-Identifier: Apache-2.0
#include "madang/base/log.h"

namespace madang {

std::string escape_for_log(std::string_view text, std::size_t size_max) {
  const bool cut = text.size() > size_max;
  if (cut) text = text.substr(0, size_max);
  std::string line;
  line.reserve(text.size() + 3);
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f && c != '\\') {
      line += c;
      continue;
    }
    line += "\\x";
    line += "0123456789abcdef"[byte >> 4];
    line += "0123456789abcdef"[byte & 15];
  }
  if (cut) line += "...";
  return line;
}

}  // namespace madang
