// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace madang {

class SessionImpl;

// The sessions of one lane, which lie side by side in slabs: a session starts a cache line and has
// just its own bytes, where the allocator would put a header and a gap around each; and its number
// says where it lies, so that finding it takes no table. Pure state of the lane.
//
// A new session takes the free place that is nearest to the front, so that as sessions go the slabs
// at the back become empty. An empty slab's memory is given back.
class SessionTable {
 public:
  // How many there can be at a time; their places have to fit into their numbers.
  static constexpr std::size_t kSessionsMax = std::size_t{1} << 24;

  SessionTable();
  ~SessionTable();
  SessionTable(const SessionTable&) = delete;
  SessionTable& operator=(const SessionTable&) = delete;

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  bool full() const { return size_ == kSessionsMax; }

  // Makes a session by `make(place, number)`, which constructs it at `place` and returns it. The
  // table is not full. Numbers grow in the order of these calls, and none comes twice.
  template <typename Make>
  SessionImpl& add(Make make) {
    const Place place = next_place();
    SessionImpl& session = *make(place.memory, place.number);
    take(place.number);
    return session;
  }

  // Null if it has gone.
  SessionImpl* find(std::uint64_t number) const;
  // Destroys it.
  void erase(SessionImpl& session);

  // Calls `visit(session)` for each, in the order of their places.
  template <typename Visit>
  void for_each(Visit visit) const {
    for (std::size_t place = 0; place < slabs_.size() * kSlabPlaces; ++place) {
      if (SessionImpl* const session = at(place)) visit(*session);
    }
  }

 private:
  static constexpr std::size_t kSlabPlaces = 64;  // as many as the bits of Slab::taken
  class Slab;
  struct Place {
    void* memory;
    std::uint64_t number;
  };

  Place next_place();
  void take(std::uint64_t number);
  SessionImpl* at(std::size_t place) const;

  std::vector<std::unique_ptr<Slab>> slabs_;  // null: has no session
  std::vector<std::uint32_t> open_;           // a heap of those with a free place, the first on top
  std::size_t size_ = 0;
  std::uint64_t last_ = 0;  // how many there have been
};

}  // namespace madang
