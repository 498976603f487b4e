// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <string>
#include <utility>

#include "madang/base/json.h"
#include "madang/base/random.h"
#include "protocol/centrifuge/json_text.h"

namespace madang::centrifuge {
namespace {

std::string quoted(std::string_view text) {
  std::string out;
  append_json_string(text, out);
  return out;
}

TEST_CASE("text: what needs no escape stays as it is") {
  for (const char* text : {"", "room", "a b/c:d#e", "\x7F", "\u00e9", "한국어", "\U0001F600",
                           "\uFFFD", "\u07FF\u0800\uD7FF\uE000\U00010000\U0010FFFF"}) {
    CAPTURE(text);
    CHECK(quoted(text) == '"' + std::string(text) + '"');
  }
}

TEST_CASE("text: quotes, backslashes and control characters are escaped") {
  CHECK(quoted("\"\\") == R"("\"\\")");
  CHECK(quoted(std::string("a\0b\n\x1F", 5)) == R"("a\u0000b\u000a\u001f")");
}

TEST_CASE("text: a byte that is not UTF-8 becomes U+FFFD") {
  const std::string mark = "\xEF\xBF\xBD";
  const std::pair<std::string, int> rows[] = {{"\x80", 1},
                                              {"\xC0\x80", 2},
                                              {"\xC1\xBF", 2},
                                              {"\xC3", 1},
                                              {"\xE0\x80\x80", 3},
                                              {"\xED\xA0\x80", 3},
                                              {"\xED\xBF\xBF", 3},
                                              {"\xE2\x82", 2},
                                              {"\xF0\x8F\xBF\xBF", 4},
                                              {"\xF4\x90\x80\x80", 4},
                                              {"\xF5", 1},
                                              {"\xFF", 1},
                                              {"\xF0\x9F\x98", 3}};
  for (const auto& [bytes, marks] : rows) {
    std::string expected;
    for (int i = 0; i < marks; ++i)
      expected += mark;
    CHECK(quoted(bytes) == '"' + expected + '"');
    CHECK(quoted("a" + bytes + "z") == "\"a" + expected + "z\"");
  }
}

TEST_CASE("text: any bytes give one valid JSON string") {
  SeededRandom random(7);
  for (int round = 0; round < 3'000; ++round) {
    std::string text(random.below(40), '\0');
    for (char& c : text)
      c = static_cast<char>(random.below(4) == 0 ? random.below(128) : 128 + random.below(128));
    CHECK(checked_json(quoted(text)).ok());
  }
}

}  // namespace
}  // namespace madang::centrifuge
