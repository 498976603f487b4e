// SPDX-License-Identifier: Apache-2.0
#include "madang/base/hash.h"

#include <doctest/doctest.h>

#include <set>
#include <string>

namespace madang {
namespace {

TEST_CASE("hash: placement is the same in every run and on every node") {
  // XXH3 of 64 bits with seed 0, as its reference implementation gives it.
  CHECK(placement_hash("") == 0x2d06800538d394c2u);
  CHECK(placement_hash("a") == 0xe6c632b61e964e1fu);
  CHECK(placement_hash("abc") == 0x78af5f94892f3950u);
}

TEST_CASE("hash: a table's hash does not change within a process and differs from placement") {
  const std::string room = "chat:42";
  CHECK(StringHash()(room) == StringHash()(std::string_view("chat:42")));
  CHECK(StringHash()(room) != placement_hash(room));
}

TEST_CASE("hash: names that differ in one letter fall into different places") {
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 10'000; ++i)
    seen.insert(placement_hash("room " + std::to_string(i)));
  CHECK(seen.size() == 10'000);
}

TEST_CASE("hash: a string map is asked by view") {
  StringMap<int> map;
  map["room"] = 1;
  CHECK(map.contains(std::string_view("room")));
  CHECK_FALSE(map.contains(std::string_view("Room")));
}

}  // namespace
}  // namespace madang
