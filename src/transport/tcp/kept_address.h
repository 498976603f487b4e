// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "madang/transport/peer_address.h"

namespace madang {

// A PeerAddress in eight bytes, for who keeps a great many: IPv4 lies in place, IPv6 on the heap.
class KeptAddress {
 public:
  explicit KeptAddress(const PeerAddress& address);
  ~KeptAddress();
  KeptAddress(const KeptAddress&) = delete;
  KeptAddress& operator=(const KeptAddress&) = delete;

  PeerAddress get() const;

 private:
  // The lowest bit, which no pointer has.
  static constexpr std::uint64_t kInPlace = 1;

  // IPv4: the address in the upper half, and kInPlace. IPv6: a pointer to the whole.
  std::uint64_t bits_;
};

}  // namespace madang
