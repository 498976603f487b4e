// SPDX-License-Identifier: Apache-2.0
#include "madang/base/growing_set.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "madang/base/hash.h"
#include "madang/base/random.h"

namespace madang {
namespace {

// Spreads integers over all bits, as the tables of the engine expect of a hash.
struct Mixed {
  std::size_t operator()(std::uint64_t key) const { return SeededRandom(key).next(); }
  template <typename Entry>
  std::size_t operator()(const Entry& entry) const {
    return (*this)(entry.key);
  }
};
// The worst hash there is.
struct Constant {
  template <typename Key>
  std::size_t operator()(const Key&) const {
    return 42;
  }
};
struct SameKey {
  template <typename Entry>
  bool operator()(const Entry& a, std::uint64_t key) const {
    return a.key == key;
  }
  template <typename Entry>
  bool operator()(const Entry& a, const Entry& b) const {
    return a.key == b.key;
  }
};

struct Number {
  std::uint64_t key = 0;
  std::uint64_t value = 0;
};

// Counts how often values are moved, which is what growing costs.
struct Counted {
  static inline std::size_t moves = 0;

  Counted() = default;
  explicit Counted(std::uint64_t number) : key(number) {}
  Counted(Counted&& other) noexcept : key(other.key) { ++moves; }
  Counted& operator=(Counted&& other) noexcept {
    key = other.key;
    ++moves;
    return *this;
  }

  std::uint64_t key = 0;
};

TEST_CASE("growing set: 200,000 random operations agree with a plain map") {
  SeededRandom random(11);
  GrowingSet<Number, Mixed, SameKey> set;
  std::unordered_map<std::uint64_t, std::uint64_t> model;
  for (std::uint64_t i = 0; i < 200'000; ++i) {
    const auto key = random.below(30'000);
    // Mostly grows in the first half and mostly shrinks in the second.
    if (random.below(10) < (i < 100'000 ? 7u : 3u)) {
      const auto [entry, inserted] = set.insert({key, i});
      const auto [known, added] = model.emplace(key, i);
      REQUIRE(inserted == added);
      REQUIRE(entry->value == known->second);
    } else {
      Number taken;
      const auto known = model.find(key);
      REQUIRE(set.take(key, taken) == (known != model.end()));
      if (known != model.end()) {
        REQUIRE(taken.value == known->second);
        model.erase(known);
      }
    }
    const auto asked = random.below(30'000);
    const auto* found = set.find(asked);
    const auto expected = model.find(asked);
    REQUIRE((found != nullptr) == (expected != model.end()));
    if (found != nullptr) REQUIRE(found->value == expected->second);
    REQUIRE(set.size() == model.size());
  }
  std::size_t visited = 0;
  set.for_each([&](const Number& entry) {
    const auto expected = model.find(entry.key);
    REQUIRE(expected != model.end());
    REQUIRE(expected->second == entry.value);
    ++visited;
    return true;
  });
  CHECK(visited == model.size());
}

TEST_CASE("growing set: no insertion moves more than a page's worth of entries") {
  GrowingSet<Counted, Mixed, SameKey> set;
  std::size_t costliest = 0;
  for (std::uint64_t key = 0; key < 300'000; ++key) {
    Counted entry(key);
    Counted::moves = 0;
    set.insert(std::move(entry));
    costliest = std::max(costliest, Counted::moves);
  }
  CHECK(set.size() == 300'000);
  // An entry of a page that is split is moved out of its place and into the other.
  CHECK(costliest <= 3 * decltype(set)::kPagePlaces);
  CHECK(costliest > 0);
}

TEST_CASE("growing set: keys that all collide are kept, found and taken out") {
  GrowingSet<Number, Constant, SameKey> set;
  for (std::uint64_t key = 0; key < 3'000; ++key)
    set.insert({key, key});
  CHECK(set.size() == 3'000);
  CHECK(set.find(std::uint64_t{3'000}) == nullptr);
  for (std::uint64_t key = 0; key < 3'000; key += 2) {
    Number taken;
    REQUIRE(set.take(key, taken));
    REQUIRE(taken.value == key);
  }
  for (std::uint64_t key = 0; key < 3'000; ++key)
    REQUIRE((set.find(key) != nullptr) == (key % 2 == 1));
}

// Counts how many there are, the ones that wait for an entry among them.
struct Place {
  static inline std::size_t places = 0;

  Place() { ++places; }
  explicit Place(std::uint64_t number) : key(number) { ++places; }
  Place(Place&& other) noexcept : key(other.key) { ++places; }
  Place& operator=(Place&& other) noexcept = default;
  ~Place() { --places; }

  std::uint64_t key = 0;
};

TEST_CASE("growing set: of a large one never more than four tenths are free places") {
  {
    GrowingSet<Place, Mixed, SameKey> set;
    std::size_t most = 0;
    for (std::uint64_t key = 0; key < 200'000; ++key) {
      set.insert(Place(key));
      if (key >= 100) most = std::max(most, Place::places * 100 / set.size());
    }
    CHECK(most <= 166);
    // As their pages are full at different times, in the mean it is less than three tenths.
    CHECK(Place::places * 100 / set.size() <= 142);
  }
  CHECK(Place::places == 0);
}

TEST_CASE("growing set: a visit ends when it says so") {
  GrowingSet<Number, Mixed, SameKey> set;
  for (std::uint64_t key = 0; key < 5'000; ++key)
    set.insert({key, 1});
  std::size_t visited = 0;
  set.for_each([&](const Number&) { return ++visited < 10; });
  CHECK(visited == 10);
}

TEST_CASE("growing set: strings are looked up by view, and an emptied set is usable") {
  GrowingSet<std::string, StringHash, StringEqual> set;
  std::string taken;
  CHECK(set.find(std::string_view("a")) == nullptr);
  CHECK_FALSE(set.take(std::string_view("a"), taken));
  for (int i = 0; i < 5'000; ++i)
    set.insert("key " + std::to_string(i));
  CHECK(*set.find(std::string_view("key 4999")) == "key 4999");
  for (int i = 0; i < 5'000; ++i)
    REQUIRE(set.take("key " + std::to_string(i), taken));
  CHECK(set.empty());
  CHECK(set.insert("again").second);
  CHECK(set.find(std::string_view("again")) != nullptr);
}

}  // namespace
}  // namespace madang
