// SPDX-License-Identifier: Apache-2.0
#include "engine/paged_array.h"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "madang/base/random.h"

namespace madang {
namespace {

using Array = PagedArray<std::uint64_t>;

void check_same(const Array& array, const std::vector<std::uint64_t>& expected) {
  REQUIRE(array.size() == expected.size());
  REQUIRE(array.empty() == expected.empty());
  for (std::size_t i = 0; i < expected.size(); ++i)
    REQUIRE(array[i] == expected[i]);
}

TEST_CASE("paged array: it has what was put in, at its place, while it grows and shrinks") {
  Array array;
  std::vector<std::uint64_t> expected;
  SeededRandom random(3);
  // Up to several pages and back to none, again and again, turning around anywhere.
  for (int round = 0; round < 60; ++round) {
    const std::size_t to = random.below(4) == 0 ? 0 : random.below(9 * Array::kPageEntries);
    while (expected.size() < to) {
      expected.push_back(random.next());
      array.push_back(expected.back());
    }
    while (expected.size() > to) {
      // As a member leaves: the last one takes its place.
      const std::size_t hole = random.below(expected.size());
      REQUIRE(array[hole] == expected[hole]);
      expected[hole] = expected.back();
      array[hole] = array[array.size() - 1];
      expected.pop_back();
      array.pop_back();
    }
    check_same(array, expected);
  }
}

TEST_CASE("paged array: an entry can be put in again while its page is exchanged") {
  Array array;
  array.push_back(7);
  for (std::size_t i = 1; i < 3 * Array::kPageEntries; ++i)
    array.push_back(array[0]);
  for (std::size_t i = 0; i < array.size(); ++i)
    REQUIRE(array[i] == 7);
}

TEST_CASE("paged array: a large one grows without moving what it has") {
  Array array;
  for (std::size_t i = 0; i < Array::kPageEntries; ++i)
    array.push_back(i);
  const std::uint64_t* const first = &array[0];
  for (std::size_t i = 0; i < 100 * Array::kPageEntries; ++i)
    array.push_back(i);
  CHECK(&array[0] == first);
}

TEST_CASE("paged array: at the edge of a page no memory comes and goes") {
  for (const std::size_t full : {Array::kPageEntries, 2 * Array::kPageEntries}) {
    Array array;
    for (std::size_t i = 0; i < full + 1; ++i)
      array.push_back(i);
    const std::uint64_t* const edge = &array[full];
    for (int i = 0; i < 10; ++i) {
      array.pop_back();
      array.push_back(0);
      CHECK(&array[full] == edge);
    }
  }
}

}  // namespace
}  // namespace madang
