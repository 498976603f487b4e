// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace madang {

// Names one session to the world: a random UUID (RFC 9562, version 4). A default one is the nil
// UUID and names nobody.
class ClientId {
 public:
  ClientId() = default;

  // The UUID made of these 128 bits, less the six that the version and variant take.
  static ClientId from_bits(std::uint64_t high, std::uint64_t low) {
    ClientId id;
    id.high_ = (high & ~0xf000ull) | 0x4000ull;
    id.low_ = (low & ~(3ull << 62)) | (2ull << 62);
    return id;
  }

  // What text() writes, in small letters or capitals; nothing for any other text.
  static std::optional<ClientId> parse(std::string_view text);

  // The 36 characters that people and protocols know it by.
  std::string text() const;

  friend auto operator<=>(const ClientId&, const ClientId&) = default;

  template <typename H>
  friend H AbslHashValue(H state, const ClientId& id) {
    return H::combine(std::move(state), id.high_, id.low_);
  }

 private:
  std::uint64_t high_ = 0;
  std::uint64_t low_ = 0;
};

}  // namespace madang
