// SPDX-License-Identifier: Apache-2.0
#include "stream_slabs.h"

#include <array>
#include <bitset>
#include <cassert>
#include <cstdint>
#include <cstdlib>
#include <new>

#include "tcp_stream.h"

#if defined(__SANITIZE_ADDRESS__)
#define MADANG_STREAMS_APART 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MADANG_STREAMS_APART 1
#endif
#endif

namespace madang {

namespace {

// Slabs begin at multiples of this, so that a place tells its slab.
constexpr std::size_t kAlignment = 4096;

// What malloc has before a block, which shall not push the next slab to the next but one multiple.
constexpr std::size_t kMallocBytes = 16;

#if defined(MADANG_STREAMS_APART)
// Each stream for itself, so that the sanitizer sees who uses one that has gone.
constexpr std::size_t kPlacesInSlab = 1;
#else
constexpr std::size_t kPlacesInSlab = 72;
#endif

}  // namespace

const std::size_t StreamSlabs::kPlaces = kPlacesInSlab;

struct StreamSlabs::Slab {
  struct alignas(TcpStream) Place : std::array<std::byte, kPlaceBytes> {};

  explicit Slab(StreamSlabs& its_owner) : owner(its_owner) {}

  StreamSlabs& owner;
  Slab* previous = nullptr;
  Slab* next = nullptr;
  std::bitset<kPlacesInSlab> taken;
  std::array<Place, kPlacesInSlab> places;
};

StreamSlabs::~StreamSlabs() { assert(first_ == nullptr); }

void* StreamSlabs::take() {
  Slab& slab = first_ != nullptr && !first_->taken.all() ? *first_ : add();
  std::size_t i = 0;
  while (slab.taken[i])
    ++i;
  slab.taken.set(i);
  if (slab.taken.all()) {
    unlink(slab);
    push_back(slab);
  }
  return slab.places[i].data();
}

void StreamSlabs::give_back(void* place) {
  const auto address = reinterpret_cast<std::uintptr_t>(place);
  Slab& slab = *reinterpret_cast<Slab*>(address / kAlignment * kAlignment);
  StreamSlabs& slabs = slab.owner;
  const bool was_full = slab.taken.all();
  slab.taken.reset(static_cast<std::size_t>(static_cast<Slab::Place*>(place) - &slab.places[0]));
  if (slab.taken.none()) {
    slabs.unlink(slab);
    slab.~Slab();
    std::free(&slab);
  } else if (was_full) {
    slabs.unlink(slab);
    slabs.push_front(slab);
  }
}

StreamSlabs::Slab& StreamSlabs::add() {
  static_assert(sizeof(Slab) <= kAlignment - kMallocBytes);
  void* memory = nullptr;
  if (::posix_memalign(&memory, kAlignment, sizeof(Slab)) != 0) throw std::bad_alloc();
  Slab* const slab = new (memory) Slab(*this);
  push_front(*slab);
  return *slab;
}

StreamSlabs::Slab* StreamSlabs::next(const Slab& slab) { return slab.next; }

std::size_t StreamSlabs::next_taken(const Slab& slab, std::size_t from) {
  while (from < kPlaces && !slab.taken[from])
    ++from;
  return from;
}

TcpStream& StreamSlabs::stream_at(Slab& slab, std::size_t place) {
  return *std::launder(reinterpret_cast<TcpStream*>(slab.places[place].data()));
}

// --- The list ------------------------------------------------------------------------------------

void StreamSlabs::push_front(Slab& slab) {
  slab.next = first_;
  (first_ != nullptr ? first_->previous : last_) = &slab;
  first_ = &slab;
}

void StreamSlabs::push_back(Slab& slab) {
  slab.previous = last_;
  (last_ != nullptr ? last_->next : first_) = &slab;
  last_ = &slab;
}

void StreamSlabs::unlink(Slab& slab) {
  (slab.previous != nullptr ? slab.previous->next : first_) = slab.next;
  (slab.next != nullptr ? slab.next->previous : last_) = slab.previous;
  slab.previous = slab.next = nullptr;
}

}  // namespace madang
