// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace madang::http {

enum class Plus { kLiteral, kIsSpace };

// Whether each percent sign in `text` is followed by two hexadecimal digits.
bool is_percent_encoded(std::string_view text);

// `text` with each %XX replaced by its byte, or nothing unless is_percent_encoded(). The
// result is never longer than `text` and may hold any byte.
std::optional<std::string> percent_decode(std::string_view text, Plus plus);

}  // namespace madang::http
