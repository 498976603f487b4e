// SPDX-License-Identifier: Apache-2.0
#include "doors/connection_gate.h"

#include <doctest/doctest.h>

namespace madang {

namespace {

using Refusal = ConnectionGate::Refusal;

// 192.0.2.`last`
PeerAddress v4(std::uint8_t last) {
  return PeerAddress::v4(std::array<std::uint8_t, 4>{192, 0, 2, last});
}

// 2001:db8:0:`network`::`host`
PeerAddress v6(std::uint8_t network, std::uint8_t host) {
  return PeerAddress::v6({0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, network, 0, 0, 0, 0, 0, 0, 0, host});
}

}  // namespace

TEST_CASE("gate: each bound refuses with its reason and recovers when places are given back") {
  ConnectionGate gate({4, 2, 3});
  Refusal refusal{};
  auto a1 = gate.enter(v4(1), refusal);
  auto a2 = gate.enter(v4(1), refusal);
  CHECK(refusal == Refusal::kNone);
  CHECK(gate.enter(v4(1), refusal) == nullptr);
  CHECK(refusal == Refusal::kAddress);

  auto b = gate.enter(v4(2), refusal);
  REQUIRE(b != nullptr);
  CHECK(gate.enter(v4(3), refusal) == nullptr);
  CHECK(refusal == Refusal::kHandshakes);
  a1->handshake_done();
  a1->handshake_done();
  CHECK(gate.handshakes() == 2);
  auto c = gate.enter(v4(3), refusal);
  REQUIRE(c != nullptr);
  CHECK(gate.enter(v4(4), refusal) == nullptr);
  CHECK(refusal == Refusal::kFull);

  a1.reset();
  a2.reset();
  b.reset();
  c.reset();
  CHECK(gate.connections() == 0);
  CHECK(gate.handshakes() == 0);
  CHECK(gate.wait_until_empty(Duration::zero()));
}

TEST_CASE("gate: a place that is handed on is no handshake, and counts until it is given back") {
  ConnectionGate gate({4, 4, 4});
  Refusal refusal{};
  auto ticket = gate.enter(v4(1), refusal);
  ConnectionGate::Place place = ticket->take_place();
  CHECK(gate.handshakes() == 0);
  ticket.reset();
  CHECK(gate.connections() == 1);
  place = ConnectionGate::Place();
  CHECK(gate.connections() == 0);
  CHECK(gate.handshakes() == 0);
}

TEST_CASE("gate: an IPv6 network counts as one address, an IPv4 address for itself") {
  CHECK(address_key(v6(0, 1)) == address_key(v6(0, 2)));
  CHECK(address_key(v6(0, 1)) != address_key(v6(1, 1)));
  CHECK(address_key(v4(1)) != address_key(v4(2)));
}

}  // namespace madang
