// SPDX-License-Identifier: Apache-2.0
#include "doors/connection_gate.h"

#include <doctest/doctest.h>

namespace madang {

using Refusal = ConnectionGate::Refusal;

TEST_CASE("gate: each bound refuses with its reason and recovers when places are given back") {
  const auto gate = std::make_shared<ConnectionGate>(ConnectionGate::Limits{4, 2, 3});
  Refusal refusal{};
  auto a1 = gate->enter("192.0.2.1", refusal);
  auto a2 = gate->enter("192.0.2.1", refusal);
  CHECK(refusal == Refusal::kNone);
  CHECK(gate->enter("192.0.2.1", refusal) == nullptr);
  CHECK(refusal == Refusal::kAddress);

  auto b = gate->enter("192.0.2.2", refusal);
  REQUIRE(b != nullptr);
  CHECK(gate->enter("192.0.2.3", refusal) == nullptr);
  CHECK(refusal == Refusal::kHandshakes);
  a1->handshake_done();
  a1->handshake_done();
  CHECK(gate->handshakes() == 2);
  auto c = gate->enter("192.0.2.3", refusal);
  REQUIRE(c != nullptr);
  CHECK(gate->enter("192.0.2.4", refusal) == nullptr);
  CHECK(refusal == Refusal::kFull);

  a1.reset();
  a2.reset();
  b.reset();
  c.reset();
  CHECK(gate->connections() == 0);
  CHECK(gate->handshakes() == 0);
  CHECK(gate->wait_until_empty(Duration::zero()));
}

TEST_CASE("gate: an IPv6 network counts as one address, an IPv4 address for itself") {
  CHECK(address_key("2001:db8::1") == address_key("2001:db8::ffff:1"));
  CHECK(address_key("2001:db8::1") != address_key("2001:db8:0:1::1"));
  CHECK(address_key("192.0.2.1") != address_key("192.0.2.2"));
}

}  // namespace madang
