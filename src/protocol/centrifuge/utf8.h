// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

namespace madang::centrifuge {

// What stands for a byte that is not UTF-8: U+FFFD.
inline constexpr std::string_view kReplacementCharacter = "\xEF\xBF\xBD";

// The bytes of the character that `text`, which is not empty, begins with; 0 if there is none
// (RFC 3629).
std::size_t utf8_character_size(std::string_view text);

// Whether all of `text` is UTF-8. Quick where it is ASCII.
bool is_utf8(std::string_view text);

}  // namespace madang::centrifuge
