// SPDX-License-Identifier: Apache-2.0
#include "auth/token_cache.h"

#include <doctest/doctest.h>

#include <string>

namespace madang {
namespace {

CheckedTokenRef checked() { return std::make_shared<CheckedToken>(); }

}  // namespace

TEST_CASE("token cache: the token used longest ago goes first") {
  TokenCache cache(2, 1 << 20);
  cache.insert("a", checked());
  cache.insert("b", checked());
  CHECK(cache.find("a") != nullptr);
  cache.insert("c", checked());
  CHECK(cache.find("b") == nullptr);
  CHECK(cache.find("a") != nullptr);
  CHECK(cache.find("c") != nullptr);
  CHECK(cache.size() == 2);
}

TEST_CASE("token cache: neither entries nor bytes go above their bounds") {
  for (const std::size_t entries_max : {10u, 2048u}) {
    TokenCache cache(entries_max, 300'000);
    for (int i = 0; i < 5000; ++i) {
      cache.insert(std::to_string(i) + std::string(static_cast<std::size_t>(i % 700), 'x'),
                   checked());
      REQUIRE(cache.size() <= entries_max);
      REQUIRE(cache.bytes() <= 300'000);
    }
    CHECK(cache.size() > 0);
    cache.clear();
    CHECK(cache.size() == 0);
    CHECK(cache.bytes() == 0);
  }
}

TEST_CASE("token cache: what is above the bytes is not kept and pushes nothing out") {
  TokenCache cache(10, 4096);
  cache.insert("a", checked());
  cache.insert(std::string(4096, 'x'), checked());
  CHECK(cache.size() == 1);
  CHECK(cache.find("a") != nullptr);
}

TEST_CASE("token cache: one token is there once, and leaves nothing when it goes") {
  TokenCache cache(10, 1 << 20);
  const auto last = checked();
  cache.insert("a", checked());
  cache.insert("a", last);
  CHECK(cache.size() == 1);
  CHECK(cache.find("a") == last);
  cache.erase("a");
  cache.erase("a");
  CHECK(cache.size() == 0);
  CHECK(cache.bytes() == 0);
}

}  // namespace madang
