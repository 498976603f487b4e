// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace madang {

// What a character is to a search.
enum class Script : unsigned char {
  kNone,     // separates words
  kIgnored,  // is not there at all: joiners, variation selectors
  kLetter,   // of a script that writes spaces between words; digits too
  kPaired,   // Hangul, Han, Hiragana, Katakana
};
Script script_of(char32_t c);

// `c` as one would type it: a wide form as the ASCII it stands for, and the capital letters of
// ASCII, Latin-1, Latin Extended-A, Greek and Cyrillic as small ones.
char32_t folded(char32_t c);

// Takes the next character off the front of `text`, which is not empty. A byte that is no part of
// UTF-8 counts as a character that separates words. Hangul written in parts comes as one syllable.
char32_t take_character(std::string_view& text);

void append_utf8(std::string& to, char32_t c);

}  // namespace madang
