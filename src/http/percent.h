// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace madang::http {

enum class Plus { kLiteral, kIsSpace };

// `text` with each %XX replaced by its byte, or nothing if a percent sign is not followed by two
// hexadecimal digits. The result is never longer than `text` and may hold any byte.
std::optional<std::string> percent_decode(std::string_view text, Plus plus);

}  // namespace madang::http
