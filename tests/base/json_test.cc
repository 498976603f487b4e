// SPDX-License-Identifier: Apache-2.0
#include "madang/base/json.h"

#include <doctest/doctest.h>

#include <string>

namespace madang {
namespace {

std::string nested(std::size_t depth, std::string_view open, std::string_view close) {
  std::string text;
  for (std::size_t i = 0; i < depth; ++i)
    text += open;
  for (std::size_t i = 0; i < depth; ++i)
    text += close;
  return text;
}

TEST_CASE("json: any one value is taken as it stands") {
  for (const char* text :
       {"{}", "[]", "null", "true", "0", "-1.5e3", "\"\"", "\"\\u0000\\n\"", "\"한국어\"",
        R"({"a":[1,2,{"b":"c"}],"d":null})", "{\"a\" : \t1}", " 1 ", "\"\\ud83d\\ude00\""}) {
    CAPTURE(text);
    const auto checked = checked_json(text);
    REQUIRE(checked.ok());
    CHECK(checked->view() == text);
  }
}

TEST_CASE("json: what is not one whole value is refused without quoting it") {
  for (const char* text :
       {"",    " ",    "{",     "}",        "[1,]", "{\"a\":}", "{\"a\" 1}",  "{a:1}",
        "'a'", "tru",  "nul",   "01",       "1.",   ".5",       "+1",         "1e",
        "--1", "0x10", "NaN",   "Infinity", "\"",   "\"\t\"",   "\"\\x\"",    "\"\\u12\"",
        "1 2", "{}{}", "[] []", "{} x",     "[1",   "// 1\n1",  "{\"a\":1,}", "1e999"}) {
    CAPTURE(text);
    const auto checked = checked_json(text);
    REQUIRE_FALSE(checked.ok());
    CHECK(checked.status().code() == absl::StatusCode::kInvalidArgument);
    CHECK(checked.status().message() == "payload is not valid JSON");
  }
}

TEST_CASE("json: a value cut anywhere is refused") {
  const std::string text = R"({"a":[1,2.5,{"b":"c\u00e9"}],"d":null,"e":true})";
  REQUIRE(checked_json(text).ok());
  for (std::size_t size = 0; size < text.size(); ++size) {
    CAPTURE(size);
    CHECK_FALSE(checked_json(text.substr(0, size)).ok());
  }
}

TEST_CASE("json: line breaks between tokens go, those in strings are escapes and stay") {
  CHECK(checked_json("{\n  \"a\": 1,\r\n  \"b\": \"x\\ny z\"\n}\n")->view() ==
        R"({"a":1,"b":"x\ny z"})");
  CHECK(checked_json("\n1\n")->view() == "1");
  CHECK_FALSE(checked_json("\"a\nb\"").ok());
  CHECK_FALSE(checked_json("\n").ok());
}

TEST_CASE("json: nesting is bounded") {
  CHECK(checked_json(nested(kJsonDepthMax, "[", "]")).ok());
  CHECK_FALSE(checked_json(nested(kJsonDepthMax + 1, "[", "]")).ok());
  CHECK_FALSE(checked_json(nested(100'000, "[", "]")).ok());
  CHECK_FALSE(checked_json(std::string(100'000, '{')).ok());
  CHECK_FALSE(checked_json(nested(100'000, "{\"a\":[", "]}")).ok());
}

TEST_CASE("json: only valid UTF-8 passes") {
  for (const char* bytes : {"\x80", "\xff", "\xc0\xaf", "\xe2\x82", "\xed\xa0\x80",
                            "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80"}) {
    CHECK_FALSE(checked_json("\"" + std::string(bytes) + "\"").ok());
  }
  CHECK(checked_json("\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"").ok());
}

TEST_CASE("json: numbers must fit a 64-bit integer or a double") {
  CHECK(checked_json("9223372036854775807").ok());
  CHECK(checked_json("-9223372036854775808").ok());
  CHECK(checked_json("18446744073709551615").ok());
  CHECK_FALSE(checked_json("18446744073709551616").ok());
  CHECK_FALSE(checked_json("1e400").ok());
  CHECK_FALSE(checked_json(std::string(5'000, '9')).ok());
}

TEST_CASE("json: a huge value passes, and a small one after it") {
  const std::string huge = "\"" + std::string(2'000'000, 'x') + "\"";
  const auto checked = checked_json(huge);
  REQUIRE(checked.ok());
  CHECK(checked->size() == huge.size());
  CHECK(checked_json("[1,2]")->view() == "[1,2]");

  std::string broken = huge + "\n[1]";
  CHECK_FALSE(checked_json(broken).ok());
}

TEST_CASE("json: a payload that was checked is not looked at again, and a part of it is") {
  const Payload unchecked("[1, 2]");
  CHECK_FALSE(unchecked.is_json());
  const Payload checked = checked_json_of(unchecked).value();
  CHECK(checked.is_json());
  CHECK(checked_json_of(checked).value().data() == checked.data());
  CHECK(Payload(checked).is_json());
  CHECK_FALSE(checked.slice(0, 5).is_json());
  CHECK_FALSE(checked_json_of(checked.slice(0, 5)).ok());
  CHECK_FALSE(checked.slice(1, 0).is_json());
  CHECK_FALSE(Payload().is_json());
}

}  // namespace
}  // namespace madang
