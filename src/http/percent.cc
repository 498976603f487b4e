// SPDX-License-Identifier: Apache-2.0
#include "http/percent.h"

#include <cstddef>

#include "http/ascii.h"

namespace madang::http {

namespace {

// The byte that the two digits behind a percent sign at `i` stand for, or -1.
int byte_at(std::string_view text, std::size_t i) {
  if (text.size() - i < 3) return -1;
  const int high = hex_value(text[i + 1]);
  const int low = hex_value(text[i + 2]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

}  // namespace

bool is_percent_encoded(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') continue;
    if (byte_at(text, i) < 0) return false;
    i += 2;
  }
  return true;
}

std::optional<std::string> percent_decode(std::string_view text, Plus plus) {
  std::string decoded(text);
  std::size_t size = 0;
  for (std::size_t i = 0; i < text.size(); ++i, ++size) {
    decoded[size] = text[i];
    if (text[i] == '%') {
      const int byte = byte_at(text, i);
      if (byte < 0) return std::nullopt;
      decoded[size] = static_cast<char>(byte);
      i += 2;
    } else if (text[i] == '+' && plus == Plus::kIsSpace) {
      decoded[size] = ' ';
    }
  }
  decoded.resize(size);
  return decoded;
}

}  // namespace madang::http
