// SPDX-License-Identifier: Apache-2.0
#include "madang/http/query.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

namespace madang::http::test {

TEST_CASE("query: parameters are decoded in their order") {
  const auto query = Query::parse("a=1&b=two+words&a=%EC%95%88%2B&c&=d&e=f=g");
  REQUIRE(query);
  REQUIRE(query->parameters().size() == 6);
  CHECK(*query->find("a") == "1");
  CHECK(*query->find("b") == "two words");
  CHECK(query->parameters()[2].value == "\xec\x95\x88+");
  CHECK(query->find("c")->empty());
  CHECK(*query->find("") == "d");
  CHECK(*query->find("e") == "f=g");
  CHECK(query->find("A") == nullptr);
}

TEST_CASE("query: separators are found before anything is decoded") {
  const auto query = Query::parse("a%3Db=c%26d");
  REQUIRE(query);
  CHECK(*query->find("a=b") == "c&d");
}

TEST_CASE("query: empty pieces are skipped") {
  for (std::string_view text : {"", "&", "&&&"})
    CHECK(Query::parse(text)->parameters().empty());
  CHECK(Query::parse("&a=1&&b=2&")->parameters().size() == 2);
}

TEST_CASE("query: bad percent-encoding is an error") {
  for (std::string_view text : {"a=%", "a=%1", "%zz=1", "a=1&b=%0g", "a=%+1"}) {
    CAPTURE(text);
    CHECK_FALSE(Query::parse(text));
  }
}

TEST_CASE("query: more parameters than the bound are an error") {
  CHECK(Query::parse("a&b", 2));
  CHECK_FALSE(Query::parse("a&b&c", 2));
  std::string text;
  for (int i = 0; i < 64; ++i)
    text += "a&";
  CHECK(Query::parse(text)->parameters().size() == 64);
  CHECK_FALSE(Query::parse(text + "a"));
}

TEST_CASE("query: one parameter is found without reading the others") {
  CHECK(find_parameter("&&a=1&b=two+%77ords&b=3&c", "b") == "two words");
  CHECK(find_parameter("%62=1", "b") == "1");
  CHECK(find_parameter("a=1&c", "c") == "");
  CHECK(find_parameter("a=1&b=%zz", "a") == "1");
  CHECK(find_parameter("a=1", "") == std::nullopt);
  CHECK(find_parameter("a=1", "A") == std::nullopt);
  CHECK(find_parameter("", "a") == std::nullopt);
  CHECK(find_parameter("%=1&a=1", "a") == std::nullopt);
  CHECK(find_parameter("a=%4", "a") == std::nullopt);
}

}  // namespace madang::http::test
