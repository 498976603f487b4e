// SPDX-License-Identifier: Apache-2.0
#include "kept_address.h"

#include <array>
#include <cstddef>
#include <cstring>

namespace madang {

namespace {

constexpr int kShift = 32;

const PeerAddress* on_heap(std::uint64_t bits) {
  return reinterpret_cast<const PeerAddress*>(static_cast<std::uintptr_t>(bits));
}

}  // namespace

KeptAddress::KeptAddress(const PeerAddress& address) {
  if (!address.is_v4()) {
    bits_ = reinterpret_cast<std::uintptr_t>(new PeerAddress(address));
    return;
  }
  std::uint32_t v4;
  std::memcpy(&v4, address.bytes().data() + address.bytes().size() - sizeof(v4), sizeof(v4));
  bits_ = std::uint64_t{v4} << kShift | kInPlace;
}

KeptAddress::~KeptAddress() {
  if ((bits_ & kInPlace) == 0) delete on_heap(bits_);
}

PeerAddress KeptAddress::get() const {
  if ((bits_ & kInPlace) == 0) return *on_heap(bits_);
  const auto v4 = static_cast<std::uint32_t>(bits_ >> kShift);
  std::array<std::uint8_t, sizeof(v4)> bytes;
  std::memcpy(bytes.data(), &v4, sizeof(v4));
  return PeerAddress::v4(bytes);
}

}  // namespace madang
