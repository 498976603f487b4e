// SPDX-License-Identifier: Apache-2.0
#include "http/percent.h"

#include <cstddef>

#include "http/ascii.h"

namespace madang::http {

bool is_percent_encoded(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') continue;
    if (text.size() - i < 3 || hex_value(text[i + 1]) < 0 || hex_value(text[i + 2]) < 0) {
      return false;
    }
    i += 2;
  }
  return true;
}

std::optional<std::string> percent_decode(std::string_view text, Plus plus) {
  if (!is_percent_encoded(text)) return std::nullopt;
  std::string decoded(text.size(), '\0');
  std::size_t size = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '+' && plus == Plus::kIsSpace) {
      c = ' ';
    } else if (c == '%') {
      c = static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
      i += 2;
    }
    decoded[size++] = c;
  }
  decoded.resize(size);
  return decoded;
}

}  // namespace madang::http
