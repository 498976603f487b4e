// SPDX-License-Identifier: Apache-2.0
#include "madang/base/growing_map.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <unordered_map>

#include "madang/base/hash.h"
#include "madang/base/random.h"

namespace madang {
namespace {

// Spreads integers over all bits, as the tables of the engine expect of a hash.
struct Mixed {
  std::size_t operator()(std::uint64_t key) const { return SeededRandom(key).next(); }
};
// The worst hash there is.
struct Constant {
  std::size_t operator()(std::uint64_t) const { return 42; }
};

// Counts how often values are moved, which is what growing costs.
struct Counted {
  static inline std::size_t moves = 0;

  Counted() = default;
  Counted(Counted&& other) noexcept : value(other.value) { ++moves; }
  Counted& operator=(Counted&& other) noexcept {
    value = other.value;
    ++moves;
    return *this;
  }

  std::uint64_t value = 0;
};

TEST_CASE("growing map: 200,000 random operations agree with a plain map") {
  SeededRandom random(11);
  GrowingMap<std::uint64_t, std::uint64_t, Mixed> map;
  std::unordered_map<std::uint64_t, std::uint64_t> model;
  for (std::uint64_t i = 0; i < 200'000; ++i) {
    const auto key = random.below(30'000);
    // Mostly grows in the first half and mostly shrinks in the second.
    if (random.below(10) < (i < 100'000 ? 7u : 3u)) {
      map[key] = i;
      model[key] = i;
    } else {
      REQUIRE(map.erase(key) == (model.erase(key) == 1));
    }
    const auto asked = random.below(30'000);
    const auto* found = map.find(asked);
    const auto expected = model.find(asked);
    REQUIRE((found != nullptr) == (expected != model.end()));
    if (found != nullptr) REQUIRE(*found == expected->second);
    REQUIRE(map.size() == model.size());
  }
  std::size_t visited = 0;
  map.for_each([&](std::uint64_t key, std::uint64_t value) {
    const auto expected = model.find(key);
    REQUIRE(expected != model.end());
    REQUIRE(expected->second == value);
    ++visited;
    return true;
  });
  CHECK(visited == model.size());
}

TEST_CASE("growing map: no insertion moves more than a few buckets' worth of entries") {
  GrowingMap<std::uint64_t, Counted, Mixed> map;
  std::size_t costliest = 0;
  for (std::uint64_t key = 0; key < 300'000; ++key) {
    Counted::moves = 0;
    map[key].value = key;
    costliest = std::max(costliest, Counted::moves);
  }
  CHECK(map.size() == 300'000);
  // A split fills two tables anew, each of which doubles its way up to at most one bucket.
  CHECK(costliest <= 8 * decltype(map)::kBucketMax);
  CHECK(costliest > 0);
}

TEST_CASE("growing map: keys that all collide are kept and found") {
  GrowingMap<std::uint64_t, int, Constant> map;
  for (std::uint64_t key = 0; key < 3'000; ++key)
    map[key] = static_cast<int>(key);
  CHECK(map.size() == 3'000);
  for (std::uint64_t key = 0; key < 3'000; ++key) {
    REQUIRE(map.find(key) != nullptr);
    REQUIRE(*map.find(key) == static_cast<int>(key));
  }
  CHECK(map.find(std::uint64_t{3'000}) == nullptr);
}

TEST_CASE("growing map: a visit ends when it says so") {
  GrowingMap<std::uint64_t, int, Mixed> map;
  for (std::uint64_t key = 0; key < 5'000; ++key)
    map[key] = 1;
  std::size_t visited = 0;
  map.for_each([&](std::uint64_t, int) { return ++visited < 10; });
  CHECK(visited == 10);
}

TEST_CASE("growing map: strings are looked up by view, and an emptied map is usable") {
  GrowingMap<std::string, int, StringHash, StringEqual> map;
  CHECK(map.find(std::string_view("a")) == nullptr);
  CHECK_FALSE(map.erase(std::string_view("a")));
  for (int i = 0; i < 5'000; ++i)
    map["key " + std::to_string(i)] = i;
  CHECK(*map.find(std::string_view("key 4999")) == 4999);
  for (int i = 0; i < 5'000; ++i)
    REQUIRE(map.erase("key " + std::to_string(i)));
  CHECK(map.empty());
  map["again"] = 1;
  CHECK(*map.find(std::string_view("again")) == 1);
}

}  // namespace
}  // namespace madang
