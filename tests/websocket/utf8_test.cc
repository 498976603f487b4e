// SPDX-License-Identifier: Apache-2.0
#include "madang/transport/websocket/utf8.h"

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

#include "websocket/stream.h"

namespace madang::websocket {
namespace {

std::string encode(uint32_t code_point) {
  if (code_point < 0x80) return bytes({code_point});
  if (code_point < 0x800) return bytes({0xC0 | code_point >> 6, 0x80 | (code_point & 0x3F)});
  if (code_point < 0x10000) {
    return bytes(
        {0xE0 | code_point >> 12, 0x80 | (code_point >> 6 & 0x3F), 0x80 | (code_point & 0x3F)});
  }
  return bytes({0xF0 | code_point >> 18, 0x80 | (code_point >> 12 & 0x3F),
                0x80 | (code_point >> 6 & 0x3F), 0x80 | (code_point & 0x3F)});
}

// Whether the text can be continued to valid text, found byte by byte, so by the slow path alone.
bool is_valid_start(std::string_view text, bool* complete) {
  Utf8Validator validator;
  bool valid = true;
  for (size_t i = 0; i < text.size(); ++i)
    valid = validator.feed(text.substr(i, 1));
  *complete = validator.complete();
  return valid;
}

const std::vector<std::string> kInvalid = {
    bytes({0x80}),  // A continuation byte alone.
    bytes({0xBF}),
    bytes({0xC0, 0x80}),  // Overlong.
    bytes({0xC1, 0xBF}),
    bytes({0xE0, 0x80, 0x80}),
    bytes({0xE0, 0x9F, 0xBF}),
    bytes({0xF0, 0x80, 0x80, 0x80}),
    bytes({0xF0, 0x8F, 0xBF, 0xBF}),
    bytes({0xF8, 0x88, 0x80, 0x80, 0x80}),  // Five and six bytes.
    bytes({0xFC, 0x84, 0x80, 0x80, 0x80, 0x80}),
    bytes({0xED, 0xA0, 0x80}),  // Surrogates.
    bytes({0xED, 0xBF, 0xBF}),
    bytes({0xED, 0xA0, 0x80, 0xED, 0xB0, 0x80}),
    bytes({0xF4, 0x90, 0x80, 0x80}),  // Above U+10FFFF.
    bytes({0xF5, 0x80, 0x80, 0x80}),
    bytes({0xFE}),
    bytes({0xFF}),
    bytes({0xC3, 0x28}),  // No continuation where one is due.
    bytes({0xE2, 0x28, 0xA1}),
    bytes({0xE2, 0x82, 0x28}),
    bytes({0xF0, 0x28, 0x8C, 0xBC}),
    bytes({0xF0, 0x90, 0x28, 0xBC}),
    bytes({0xF0, 0x90, 0x8C, 0x28}),
};

}  // namespace

TEST_CASE("utf8: every code point but the surrogates is valid") {
  for (uint32_t code_point = 0; code_point <= 0x10FFFF; ++code_point) {
    const bool surrogate = code_point >= 0xD800 && code_point <= 0xDFFF;
    const std::string character = encode(code_point);
    // With text around it the fast path decides, alone the slow one.
    if (is_valid_utf8(character) == surrogate ||
        is_valid_utf8("12345678" + character + "12345678") == surrogate) {
      FAIL(code_point);
    }
  }
  CHECK(is_valid_utf8(""));
}

TEST_CASE("utf8: every pair of bytes is judged alike by the fast and the slow path") {
  for (unsigned lead = 0x80; lead <= 0xFF; ++lead) {
    for (unsigned second = 0; second <= 0xFF; ++second) {
      const std::string text = bytes({lead, second, 0x80, 0x80, 'a', 'b', 'c', 'd', 'e', 'f'});
      bool complete = false;
      const bool valid = is_valid_start(text, &complete) && complete;
      if (is_valid_utf8(text) != valid) FAIL(lead << " " << second);
    }
  }
}

TEST_CASE("utf8: bad text is refused wherever it stands and however it is cut") {
  for (const std::string& bad : kInvalid) {
    for (size_t before = 0; before <= 17; ++before) {
      const std::string text = std::string(before, 'x') + bad + "0123456789abcdef";
      CHECK_FALSE(is_valid_utf8(text));
      for (size_t cut = 0; cut <= text.size(); ++cut) {
        Utf8Validator validator;
        validator.feed(std::string_view(text).substr(0, cut));
        CHECK_FALSE(validator.feed(std::string_view(text).substr(cut)));
        CHECK_FALSE(validator.complete());
      }
    }
  }
}

TEST_CASE("utf8: a bad text is refused at the first byte that cannot be continued") {
  Utf8Validator surrogate;
  CHECK(surrogate.feed(bytes({'a', 0xED})));
  CHECK_FALSE(surrogate.feed(bytes({0xA0})));
  CHECK_FALSE(surrogate.feed("good again"));

  Utf8Validator too_large;
  CHECK(too_large.feed(bytes({0xF4})));
  CHECK_FALSE(too_large.feed(bytes({0x90})));
}

TEST_CASE("utf8: text cut inside a character is not complete") {
  for (uint32_t code_point : {0xE9u, 0xD55Cu, 0x1F600u}) {
    const std::string character = encode(code_point);
    for (size_t cut = 1; cut < character.size(); ++cut) {
      Utf8Validator validator;
      CHECK(validator.feed("long enough a text" + character.substr(0, cut)));
      CHECK_FALSE(validator.complete());
      CHECK(validator.feed(character.substr(cut)));
      CHECK(validator.complete());
    }
  }
}

TEST_CASE("utf8: random text gives the same verdict however it is cut") {
  std::minstd_rand0 random(7);
  size_t valid_texts = 0;
  for (int round = 0; round < 3000; ++round) {
    std::string text;
    for (int i = 0; i < 12; ++i) {
      text += random() % 2 == 0 ? encode(static_cast<uint32_t>(random() % 0x80))
                                : encode(static_cast<uint32_t>(random() % 0xD800));
    }
    if (round % 2 == 0) text[random() % text.size()] = static_cast<char>(random());
    bool complete = false;
    const bool valid = is_valid_start(text, &complete) && complete;
    valid_texts += valid;
    CHECK(is_valid_utf8(text) == valid);
    Utf8Validator validator;
    const size_t cut = random() % (text.size() + 1);
    validator.feed(std::string_view(text).substr(0, cut));
    validator.feed(std::string_view(text).substr(cut));
    CHECK(validator.complete() == valid);
  }
  CHECK(valid_texts >= 1500);
  CHECK(valid_texts < 3000);
}

TEST_CASE("utf8: a prefix ends between two characters and before the first bad byte") {
  CHECK(valid_utf8_prefix("abc", 10) == 3);
  CHECK(valid_utf8_prefix("abc", 2) == 2);
  CHECK(valid_utf8_prefix("", 2) == 0);
  const std::string korean = encode(0xB9C8) + encode(0xB2F9);
  CHECK(valid_utf8_prefix(korean, 6) == 6);
  CHECK(valid_utf8_prefix(korean, 5) == 3);
  CHECK(valid_utf8_prefix(korean, 2) == 0);
  CHECK(valid_utf8_prefix("ab\xFF"
                          "cd",
                          5) == 2);
}

}  // namespace madang::websocket
