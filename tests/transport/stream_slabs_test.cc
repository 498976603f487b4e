// SPDX-License-Identifier: Apache-2.0
#include "transport/tcp/stream_slabs.h"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <set>
#include <utility>
#include <vector>

namespace madang {

namespace {

// As addresses, since no stream is made in them.
std::set<const void*> visited(StreamSlabs& slabs) {
  std::set<const void*> places;
  slabs.for_each([&](const TcpStream& stream) {
    const bool first_time = places.insert(&stream).second;
    CHECK(first_time);
  });
  return places;
}

}  // namespace

TEST_CASE("stream slabs: places do not overlap, and each that is taken is visited once") {
  StreamSlabs slabs;
  std::minstd_rand random(7);
  std::vector<void*> taken;
  for (int round = 0; round < 5'000; ++round) {
    // More and more, and then fewer and fewer.
    const bool take = random() % 8 < (round < 2'500 ? 6 : 2);
    if (take) {
      void* const place = slabs.take();
      CHECK(reinterpret_cast<std::uintptr_t>(place) % alignof(void*) == 0);
      std::memset(place, 0xff, StreamSlabs::kPlaceBytes);  // hurts nothing that is not ours
      taken.push_back(place);
    } else if (!taken.empty()) {
      std::swap(taken[random() % taken.size()], taken.back());
      StreamSlabs::give_back(taken.back());
      taken.pop_back();
    }
    if (round % 500 == 0)
      CHECK(visited(slabs) == std::set<const void*>(taken.begin(), taken.end()));
  }
  CHECK(visited(slabs) == std::set<const void*>(taken.begin(), taken.end()));
  const std::vector<void*> sorted = [&] {
    const std::set<void*> set(taken.begin(), taken.end());
    return std::vector<void*>(set.begin(), set.end());
  }();
  for (std::size_t i = 1; i < sorted.size(); ++i) {
    const auto gap = static_cast<char*>(sorted[i]) - static_cast<char*>(sorted[i - 1]);
    CHECK(gap >= static_cast<std::ptrdiff_t>(StreamSlabs::kPlaceBytes));
  }
  for (void* const place : taken)
    StreamSlabs::give_back(place);
  CHECK(visited(slabs).empty());
}

TEST_CASE("stream slabs: a place that is given back is taken before new memory is") {
  StreamSlabs slabs;
  std::set<void*> places;
  std::vector<void*> taken;
  for (int i = 0; i < 1'000; ++i)
    taken.push_back(slabs.take());
  places.insert(taken.begin(), taken.end());
  for (int i = 0; i < 1'000; i += 2)
    StreamSlabs::give_back(taken[static_cast<std::size_t>(i)]);
  std::size_t known = 0;
  for (int i = 0; i < 1'000; i += 2) {
    void*& place = taken[static_cast<std::size_t>(i)];
    place = slabs.take();
    known += places.count(place);
  }
#if !defined(__SANITIZE_ADDRESS__)  // which keeps what was freed for a while
  CHECK(known == 500);
#endif
  for (void* const place : taken)
    StreamSlabs::give_back(place);
}

}  // namespace madang
