// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>

namespace madang {

// An address of the internet, without a port, in 16 bytes: IPv6, or IPv4 as IPv6 holds it
// (::ffff:192.0.2.1), so that a client is the same whichever socket it comes to. A value.
class PeerAddress {
 public:
  using Bytes = std::array<std::uint8_t, 16>;

  PeerAddress() = default;  // ::
  static PeerAddress v4(std::span<const std::uint8_t, 4> bytes);
  static PeerAddress v6(const Bytes& bytes);

  const Bytes& bytes() const { return bytes_; }
  bool is_v4() const;

  // "192.0.2.1", "2001:db8::1".
  std::string text() const;

  bool operator==(const PeerAddress&) const = default;

 private:
  Bytes bytes_{};
};

}  // namespace madang
