// SPDX-License-Identifier: Apache-2.0
#include "protocol/centrifuge/json_value.h"

#include <doctest/doctest.h>

#include <limits>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "madang/base/json.h"

namespace madang::centrifuge {

namespace {

std::optional<std::string> string_of(std::string_view json) {
  const auto value = parse_json(json);
  REQUIRE(value);
  std::string text = "before";
  if (!to_string(*value, text)) return std::nullopt;
  return text;
}

// All that stands in a value, taken apart and put together again without white space.
void rebuild(const JsonValue& value, std::string& out) {
  if (value.is_object()) {
    out += '{';
    JsonMembers members(value);
    while (members.next()) {
      if (out.back() != '{') out += ',';
      out.append("\"").append(members.name()).append("\":");
      rebuild(members.value(), out);
    }
    out += '}';
  } else if (value.is_array()) {
    out += '[';
    JsonElements elements(value);
    while (elements.next()) {
      if (out.back() != '[') out += ',';
      rebuild(elements.value(), out);
    }
    out += ']';
  } else {
    out += value.text();
  }
}

}  // namespace

TEST_CASE("json value: whatever nests is taken apart where it is divided") {
  for (const std::string_view compact :
       {"{}", "[]", "0", "\"\"", "null", R"([[],{},[[1,-2.5e3,"]"],"}"],true])",
        R"({"a":{"b":[{}]},"c":"\\","d":"x\\\"],","e":[null,false]})",
        R"(["\"","\\\\","a,b:{"])"}) {
    for (const std::string_view space : {"", " ", "\t\r\n "}) {
      std::string text;
      bool in_string = false;
      for (std::size_t i = 0; i < compact.size(); ++i) {
        const char c = compact[i];
        if (c == '\\') {
          text += c;
          text += compact[++i];
          continue;
        }
        if (c == '"') in_string = !in_string;
        const bool divides =
            !in_string && std::string_view("{}[],:").find(c) != std::string_view::npos;
        if (divides) text += space;
        text += c;
        if (divides) text += space;
      }
      CAPTURE(text);
      const auto value = parse_json(text);
      REQUIRE(value);
      std::string rebuilt;
      rebuild(*value, rebuilt);
      CHECK(rebuilt == compact);
    }
  }
}

TEST_CASE("json value: escapes become what they stand for, half a surrogate pair nothing") {
  CHECK(string_of(R"("")") == "");
  CHECK(string_of(R"("\"\\\/\b\f\n\r\t")") == "\"\\/\b\f\n\r\t");
  CHECK(string_of(R"("a\u0000b")") == std::string("a\0b", 3));
  CHECK(string_of(R"("\u007f\u0080\u07ff\u0800\uffff")") ==
        "\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf");
  CHECK(string_of(R"("\ud83d\ude00 \uD800\uDC00\uDBFF\uDFFF")") ==
        "\xf0\x9f\x98\x80 \xf0\x90\x80\x80\xf4\x8f\xbf\xbf");
  CHECK(string_of("12") == std::nullopt);
  CHECK(string_of("[\"a\"]") == std::nullopt);
  for (const std::string_view half : {R"("\udc00")", R"("a\udfffb")", R"("\ud800")", R"("\ud800x")",
                                      R"("\ud800\n")", R"("\ud800\ud800")", R"("\ud800\u0041")"}) {
    CAPTURE(half);
    const auto value = parse_json(half);
    std::string text;
    CHECK((!value || !to_string(*value, text)));
  }
  const auto object = parse_json(R"({"\u0061":1,"b\n":2})");
  REQUIRE(object);
  JsonMembers members(*object);
  REQUIRE(members.next());
  CHECK(members.name() == "a");
  REQUIRE(members.next());
  CHECK(members.name() == "b\n");
  CHECK_FALSE(members.next());
}

TEST_CASE("json value: numbers are taken whole or not at all") {
  constexpr auto kMax = std::numeric_limits<std::uint64_t>::max();
  const auto unsigned_of = [](std::string_view text) {
    return to_uint64(parse_json(text).value());
  };
  const auto signed_of = [](std::string_view text) { return to_int64(parse_json(text).value()); };
  CHECK(unsigned_of("0") == 0u);
  CHECK(unsigned_of(" 18446744073709551615 ") == kMax);
  CHECK(signed_of("-9223372036854775808") == std::numeric_limits<std::int64_t>::min());
  CHECK(signed_of("9223372036854775808") == std::nullopt);
  for (const std::string_view text : {"1.0", "1e2", "\"1\"", "true", "null", "[1]", "-1"}) {
    CAPTURE(text);
    CHECK(unsigned_of(text) == std::nullopt);
  }
  CHECK(to_bool(parse_json("true").value()) == true);
  CHECK(to_bool(parse_json("false").value()) == false);
  CHECK(to_bool(parse_json("1").value()) == std::nullopt);
}

TEST_CASE("json value: how deep a value nests is known, and far too deep is none") {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + "\"[[\"" + std::string(depth, ']');
  };
  for (const std::size_t depth : {0, 1, 31, 32, 33, 35}) {
    const std::string text = nested(depth);
    CHECK(parse_json(text).value().depth() == depth);
  }
  CHECK_FALSE(parse_json(nested(100)));
  CHECK_FALSE(parse_json(nested(100'000)));
}

TEST_CASE("json value: of mangled texts those are read that are JSON, and no others") {
  const std::string_view seed = R"({"id":12,"a":["x\\\"y",{"b":null},-1.5e2,true],"\u00e9":"é"})";
  std::mt19937 random(1);
  std::size_t good = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string text(seed);
    for (auto edits = random() % 3; edits-- > 0;) {
      const std::size_t at = random() % text.size();
      if (random() % 2 == 0) {
        text[at] = std::string_view("{}[]\",:\\ 0e-xu\n\xff")[random() % 16];
      } else {
        text.erase(at, 1 + random() % 2);
      }
    }
    CAPTURE(text);
    const auto value = parse_json(text);
    REQUIRE(value.has_value() == checked_json(text).ok());
    if (!value) continue;
    ++good;
    std::string rebuilt;
    rebuild(*value, rebuilt);
  }
  CHECK(good > 5'000);
}

}  // namespace madang::centrifuge
