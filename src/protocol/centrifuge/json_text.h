// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace madang::centrifuge {

// The bytes of ASCII that stand in a JSON string as they are.
inline constexpr std::array<bool, 256> kPlainInJson = [] {
  std::array<bool, 256> plain{};
  for (std::size_t byte = 0x20; byte < 0x80; ++byte)
    plain[byte] = byte != '"' && byte != '\\';
  return plain;
}();

// Appends `text` as a JSON string with its quotes. What is not UTF-8 in it becomes U+FFFD, one a
// byte.
void append_json_string(std::string_view text, std::string& out);

}  // namespace madang::centrifuge
