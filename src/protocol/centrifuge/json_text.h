// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace madang::centrifuge {

// Appends `text` as a JSON string with its quotes. What is not UTF-8 in it becomes U+FFFD, one a
// byte.
void append_json_string(std::string_view text, std::string& out);

}  // namespace madang::centrifuge
