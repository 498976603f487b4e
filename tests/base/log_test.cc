// SPDX-License-Identifier: Apache-2.0
#include "madang/base/log.h"

#include <doctest/doctest.h>

#include <string>

namespace madang {
namespace {

TEST_CASE("log: text from outside can not break the line or speak to a terminal") {
  CHECK(escape_for_log("plain text") == "plain text");
  CHECK(escape_for_log("a\r\nb\x1b[2J\\") == "a\\x0d\\x0ab\\x1b[2J\\x5c");
  CHECK(escape_for_log("\xff\xc3\xa9\x7f") == "\\xff\\xc3\\xa9\\x7f");
  CHECK(escape_for_log(std::string_view("\0", 1)) == "\\x00");
}

TEST_CASE("log: long text is cut and says so") {
  CHECK(escape_for_log(std::string(128, 'x')) == std::string(128, 'x'));
  CHECK(escape_for_log(std::string(129, 'x')) == std::string(128, 'x') + "...");
  CHECK(escape_for_log("abcdef", 3) == "abc...");
}

}  // namespace
}  // namespace madang
