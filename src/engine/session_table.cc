// SPDX-License-Identifier: Apache-2.0
#include "engine/session_table.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <functional>
#include <new>

#include "engine/session_impl.h"

#if defined(__SANITIZE_ADDRESS__)
#define MADANG_SESSIONS_APART 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MADANG_SESSIONS_APART 1
#endif
#endif

namespace madang {
namespace {

constexpr int kPlaceBits = 24;
constexpr std::uint64_t kPlaceMask = (std::uint64_t{1} << kPlaceBits) - 1;
static_assert(SessionTable::kSessionsMax == kPlaceMask + 1);

}  // namespace

#if defined(MADANG_SESSIONS_APART)

// Each session for itself, so that the sanitizer sees who uses one that has gone.
class SessionTable::Slab {
 public:
  void* take(std::size_t i) {
    return places_[i] =
               ::operator new (sizeof(SessionImpl), std::align_val_t{alignof(SessionImpl)});
  }
  void give_back(std::size_t i) {
    ::operator delete (places_[i], std::align_val_t{alignof(SessionImpl)});
  }
  void* memory(std::size_t i) { return places_[i]; }

  std::uint64_t taken = 0;  // a bit for each place

 private:
  std::array<void*, kSlabPlaces> places_ = {};
};

#else

class SessionTable::Slab {
 public:
  void* take(std::size_t i) { return memory(i); }
  void give_back(std::size_t) {}
  void* memory(std::size_t i) { return places_[i].data(); }

  std::uint64_t taken = 0;  // a bit for each place

 private:
  struct alignas(SessionImpl) Bytes : std::array<std::byte, sizeof(SessionImpl)> {};
  std::array<Bytes, kSlabPlaces> places_;
};

#endif

SessionTable::SessionTable() = default;

SessionTable::~SessionTable() {
  for_each([this](SessionImpl& session) { erase(session); });
}

SessionTable::Place SessionTable::next_place() {
  assert(!full());
  if (open_.empty()) {
    open_.push_back(static_cast<std::uint32_t>(slabs_.size()));
    slabs_.push_back(nullptr);
  }
  const std::size_t first = open_.front();
  auto& slab = slabs_[first];
  // Not value-initialised: what lies in it is made place by place.
  if (slab == nullptr) slab.reset(new Slab);
  const auto i = static_cast<std::size_t>(std::countr_one(slab->taken));
  return {slab->take(i), ++last_ << kPlaceBits | (first * kSlabPlaces + i)};
}

void SessionTable::take(std::uint64_t number) {
  const std::uint64_t place = number & kPlaceMask;
  Slab& slab = *slabs_[place / kSlabPlaces];
  slab.taken |= std::uint64_t{1} << place % kSlabPlaces;
  ++size_;
  if (slab.taken != ~std::uint64_t{0}) return;
  std::pop_heap(open_.begin(), open_.end(), std::greater<>());
  open_.pop_back();
}

SessionImpl* SessionTable::at(std::size_t place) const {
  Slab* const slab = slabs_[place / kSlabPlaces].get();
  const std::size_t i = place % kSlabPlaces;
  if (slab == nullptr || (slab->taken >> i & 1) == 0) return nullptr;
  return std::launder(static_cast<SessionImpl*>(slab->memory(i)));
}

SessionImpl* SessionTable::find(std::uint64_t number) const {
  const std::uint64_t place = number & kPlaceMask;
  if (place >= slabs_.size() * kSlabPlaces) return nullptr;
  SessionImpl* const session = at(place);
  return session != nullptr && session->number() == number ? session : nullptr;
}

void SessionTable::erase(SessionImpl& session) {
  const std::uint64_t place = session.number() & kPlaceMask;
  assert(at(place) == &session);
  session.~SessionImpl();
  auto& slab = slabs_[place / kSlabPlaces];
  const std::size_t i = place % kSlabPlaces;
  slab->give_back(i);
  if (slab->taken == ~std::uint64_t{0}) {
    open_.push_back(static_cast<std::uint32_t>(place / kSlabPlaces));
    std::push_heap(open_.begin(), open_.end(), std::greater<>());
  }
  slab->taken &= ~(std::uint64_t{1} << i);
  if (slab->taken == 0) slab.reset();
  --size_;
}

}  // namespace madang
