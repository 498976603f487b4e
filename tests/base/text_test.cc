// SPDX-License-Identifier: Apache-2.0
#include "madang/base/text.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <utility>

namespace madang {
namespace {

TEST_CASE("text: it has the bytes it was made of, whatever they are") {
  const std::string odd("a\0\xff\n", 4);
  for (const std::string& bytes : {std::string(), std::string("x"), odd, std::string(5000, 'y')}) {
    const Text text(bytes);
    CHECK(text.view() == bytes);
    CHECK(text.size() == bytes.size());
    CHECK(text.empty() == bytes.empty());
  }
  CHECK(sizeof(Text) == sizeof(void*));
}

TEST_CASE("text: it is told apart from any other, of whatever type that is") {
  const Text text("ann");
  CHECK(text == "ann");
  CHECK(text == std::string("ann"));
  CHECK(std::string_view("ann") == text);
  CHECK(text == Text("ann"));
  CHECK(text != "anna");
  CHECK(text != Text());
}

TEST_CASE("text: a copy has its own bytes, and one that was moved from is empty") {
  Text text("ann");
  Text copy = text;
  text = "bob";
  CHECK(copy == "ann");
  const Text moved = std::move(copy);
  CHECK(moved == "ann");
  CHECK(copy.empty());  // NOLINT(bugprone-use-after-move)
  text = Text();
  CHECK(text.empty());
}

}  // namespace
}  // namespace madang
