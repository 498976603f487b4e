// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "madang/base/random.h"

namespace madang {

// Texts as rooms publish them, and what may become of them; the same for the same seed.

inline std::string random_bytes(SeededRandom& random, std::size_t size) {
  std::string bytes(size, '\0');
  for (char& byte : bytes)
    byte = static_cast<char>(random.next());
  return bytes;
}

// A word of `size` characters, of one to four bytes each.
inline std::string random_word(SeededRandom& random, std::size_t size) {
  static constexpr std::string_view kCharacters[] = {"a",
                                                     "b",
                                                     "c",
                                                     "d",
                                                     "e",
                                                     "0",
                                                     "1",
                                                     "2",
                                                     " ",
                                                     "\xc3\xa9",
                                                     "\xed\x95\x9c",
                                                     "\xea\xb5\xad",
                                                     "\xec\x96\xb4",
                                                     "\xf0\x9f\x98\x80"};
  std::string word;
  for (std::size_t i = 0; i < size; ++i)
    word += kCharacters[random.below(std::size(kCharacters))];
  return word;
}

// An array of records with the same keys, about `size` bytes long.
inline std::string random_document(SeededRandom& random, std::size_t size) {
  std::string text = "[";
  while (text.size() < size) {
    if (text.size() > 1) text += ',';
    text += R"({"id":)" + std::to_string(random.below(1'000'000)) + R"(,"name":")" +
            random_word(random, 3 + random.below(12)) + R"(","score":)" +
            std::to_string(random.below(10'000)) + R"(,"online":)" +
            (random.below(2) ? "true" : "false") + "}";
  }
  return text + "]";
}

// Where a text in UTF-8 may be cut, at or before `at`.
inline std::size_t character_begin(std::string_view text, std::size_t at) {
  while (at > 0 && at < text.size() && (text[at] & 0xc0) == 0x80)
    --at;
  return at;
}

// `text` with one piece changed, put in, taken out, moved or doubled. UTF-8 stays UTF-8 if
// `as_text`.
inline std::string edited(SeededRandom& random, std::string_view text, bool as_text) {
  const auto cut = [&](std::size_t at) { return as_text ? character_begin(text, at) : at; };
  const std::size_t begin = cut(random.below(text.size() + 1));
  const std::size_t longest = random.below(8) == 0 ? text.size() : 40;
  const std::size_t end = cut(begin + random.below(std::min(longest, text.size() - begin) + 1));
  const std::string before(text.substr(0, begin));
  const std::string piece(text.substr(begin, end - begin));
  const std::string after(text.substr(end));
  const auto fresh = [&] {
    return as_text ? random_word(random, random.below(30)) : random_bytes(random, random.below(60));
  };
  switch (random.below(5)) {
    case 0:
      return before + fresh() + after;
    case 1:
      return before + fresh() + piece + after;
    case 2:
      return before + after;
    case 3:
      return after + piece + before;
    default:
      return before + piece + piece + after;
  }
}

}  // namespace madang
