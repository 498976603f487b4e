// SPDX-License-Identifier: Apache-2.0
#include "madang/transport/peer_address.h"

#include <arpa/inet.h>

#include <algorithm>

namespace madang {

namespace {
constexpr std::array<std::uint8_t, 12> kV4Prefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
}

PeerAddress PeerAddress::v4(std::span<const std::uint8_t, 4> bytes) {
  PeerAddress address;
  std::copy(kV4Prefix.begin(), kV4Prefix.end(), address.bytes_.begin());
  std::copy(bytes.begin(), bytes.end(), address.bytes_.begin() + kV4Prefix.size());
  return address;
}

PeerAddress PeerAddress::v6(const Bytes& bytes) {
  PeerAddress address;
  address.bytes_ = bytes;
  return address;
}

bool PeerAddress::is_v4() const {
  return std::equal(kV4Prefix.begin(), kV4Prefix.end(), bytes_.begin());
}

std::string PeerAddress::text() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (is_v4()) {
    ::inet_ntop(AF_INET, bytes_.data() + kV4Prefix.size(), text.data(), text.size());
  } else {
    ::inet_ntop(AF_INET6, bytes_.data(), text.data(), text.size());
  }
  return text.data();
}

}  // namespace madang
