// SPDX-License-Identifier: Apache-2.0
#include "madang/room/idempotency.h"

#include <doctest/doctest.h>

#include "room/room_fixture.h"

namespace madang {
namespace {

TEST_CASE("idempotency: a key is known until its time") {
  Idempotency keys;
  CHECK(keys.empty());
  keys.remember("a", 7, at_s(10), 100);
  REQUIRE(keys.find("a", at_s(9)) != nullptr);
  CHECK(*keys.find("a", at_s(9)) == 7);
  CHECK(keys.find("a", at_s(10)) == nullptr);
  CHECK(keys.find("b", at_s(0)) == nullptr);
  CHECK(keys.next_expiry() == at_s(10));
  keys.expire(at_s(10));
  CHECK(keys.empty());
}

TEST_CASE("idempotency: beyond the bound the oldest is forgotten first") {
  Idempotency keys;
  for (const char* key : {"a", "b", "c"})
    keys.remember(key, 1, at_s(10), 2);
  CHECK(keys.find("a", at_s(0)) == nullptr);
  CHECK(keys.find("b", at_s(0)) != nullptr);
  CHECK(keys.find("c", at_s(0)) != nullptr);
  keys.remember("d", 1, at_s(10), 1);
  CHECK(keys.find("c", at_s(0)) == nullptr);
  CHECK(keys.find("d", at_s(0)) != nullptr);
}

TEST_CASE("idempotency: a room that remembers no keys keeps none") {
  Idempotency keys;
  keys.remember("a", 1, at_s(10), 0);
  CHECK(keys.empty());
  CHECK(keys.find("a", at_s(0)) == nullptr);
}

TEST_CASE("idempotency: a key that came again after its time lives as long as a new one") {
  Idempotency keys;
  keys.remember("a", 1, at_s(10), 100);
  keys.expire(at_s(10));
  keys.remember("a", 2, at_s(20), 100);
  REQUIRE(keys.find("a", at_s(15)) != nullptr);
  CHECK(*keys.find("a", at_s(15)) == 2);
}

}  // namespace
}  // namespace madang
