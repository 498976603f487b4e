// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

namespace madang::centrifuge {

// Whether `text` is one whole JSON value in valid UTF-8 (RFC 8259), whose numbers fit into 64 bits
// or a double (RFC 7493), as checked_json() has it, nested no deeper than `depth_max`, at most 64.
// In one pass without memory, because commands are short and come often. Costs O(text), no
// recursion.
bool is_json(std::string_view text, std::size_t depth_max);

}  // namespace madang::centrifuge
