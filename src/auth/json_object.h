// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <simdjson.h>

#include <cstddef>
#include <string_view>

namespace madang {

// Beyond this no text is parsed: whoever calls has bounds of their own, below it.
inline constexpr std::size_t kJsonTextBytesMax = 256 * 1024;

// Reads `text`, which must be one JSON object that nests no deeper than kJsonDepthMax, where no
// object has a member twice and every string is UTF-8: two readers of a text that breaks one of
// these may see different things in it. Empty when it is good, else why not.
//
// `object` is good until this thread calls again.
std::string_view read_json_object(std::string_view text, simdjson::dom::object& object);

}  // namespace madang
