// SPDX-License-Identifier: Apache-2.0
#include "madang/transport/peer_address.h"

#include <doctest/doctest.h>

#include "transport/tcp/kept_address.h"

namespace madang {

TEST_CASE("peer address: text as people write it, and IPv4 is the same in the clothes of IPv6") {
  const auto v4 = PeerAddress::v4(std::array<std::uint8_t, 4>{192, 0, 2, 1});
  CHECK(v4.text() == "192.0.2.1");
  CHECK(v4.is_v4());
  const auto mapped = PeerAddress::v6({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1});
  CHECK(mapped == v4);
  const auto v6 = PeerAddress::v6({0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1});
  CHECK(v6.text() == "2001:db8::1");
  CHECK_FALSE(v6.is_v4());
  CHECK(v6 != v4);
  CHECK(PeerAddress().text() == "::");
}

TEST_CASE("peer address: what a connection keeps of it is the whole of it, of either kind") {
  const auto v6 = PeerAddress::v6({0x20, 0x01, 0x0d, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
  for (const PeerAddress& address :
       {PeerAddress::v4(std::array<std::uint8_t, 4>{192, 0, 2, 1}),
        PeerAddress::v4(std::array<std::uint8_t, 4>{255, 254, 253, 252}),
        PeerAddress::v4(std::array<std::uint8_t, 4>{}), v6, PeerAddress()}) {
    const KeptAddress kept(address);
    CHECK(kept.get() == address);
  }
}

}  // namespace madang
