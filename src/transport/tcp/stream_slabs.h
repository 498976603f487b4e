// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace madang {

class TcpStream;

// The memory of a lane's streams: one allocation for many, so that each costs no more than it is,
// and the lane finds them all without a list through them. What nobody uses is given back, a slab
// at a time. Belongs to the lane.
class StreamSlabs {
 public:
  static constexpr std::size_t kPlaceBytes = 56;

  StreamSlabs() = default;
  // Everything has been given back.
  ~StreamSlabs();
  StreamSlabs(const StreamSlabs&) = delete;
  StreamSlabs& operator=(const StreamSlabs&) = delete;

  // Memory for one stream. Throws std::bad_alloc.
  void* take();
  // To the slabs that it was taken from.
  static void give_back(void* place);

  // Each stream that there is. `visit` makes none and destroys none.
  template <typename Visit>
  void for_each(Visit visit) {
    for (Slab* slab = first_; slab != nullptr; slab = next(*slab)) {
      for (std::size_t i = next_taken(*slab, 0); i < kPlaces; i = next_taken(*slab, i + 1))
        visit(stream_at(*slab, i));
    }
  }

 private:
  struct Slab;
  static const std::size_t kPlaces;

  static Slab* next(const Slab& slab);
  static std::size_t next_taken(const Slab& slab, std::size_t from);  // kPlaces: none
  static TcpStream& stream_at(Slab& slab, std::size_t place);

  Slab& add();
  void push_front(Slab& slab);
  void push_back(Slab& slab);
  void unlink(Slab& slab);

  // In one list: those with room come first.
  Slab* first_ = nullptr;
  Slab* last_ = nullptr;
};

}  // namespace madang
