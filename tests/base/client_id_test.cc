// SPDX-License-Identifier: Apache-2.0
#include "madang/base/client_id.h"

#include <doctest/doctest.h>

#include <set>
#include <string>

#include "madang/base/random.h"

namespace madang {
namespace {

TEST_CASE("client id: the text is a version 4 UUID, whatever the bits") {
  CHECK(ClientId::from_bits(0, 0).text() == "00000000-0000-4000-8000-000000000000");
  CHECK(ClientId::from_bits(~0ull, ~0ull).text() == "ffffffff-ffff-4fff-bfff-ffffffffffff");
  CHECK(ClientId::from_bits(0x0123456789abcdef, 0xfedcba9876543210).text() ==
        "01234567-89ab-4def-bedc-ba9876543210");
}

TEST_CASE("client id: a default one names nobody and equals no drawn one") {
  CHECK(ClientId() == ClientId());
  CHECK(ClientId() != ClientId::from_bits(0, 0));
}

TEST_CASE("client id: different bits give different ids") {
  SeededRandom random(3);
  std::set<ClientId> seen;
  for (int i = 0; i < 10'000; ++i) {
    const auto high = random.next();
    seen.insert(ClientId::from_bits(high, random.next()));
  }
  CHECK(seen.size() == 10'000);
}

}  // namespace
}  // namespace madang
