// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "madang/storage/message_search.h"

namespace madang {

// The words that a payload is found by.
std::vector<std::string> words_of(std::string_view payload);

// Whether words must stand beside each other, which an index of single words cannot tell.
bool needs_text(const std::vector<SearchPhrase>& phrases);
// Whether the words of every phrase stand beside each other in `payload`.
bool has_phrases(const std::vector<SearchPhrase>& phrases, std::string_view payload);

}  // namespace madang
