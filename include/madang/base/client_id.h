// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string_view>
#include <utility>

namespace madang {

// Names one session to the world: a random UUID (RFC 9562, version 4) in its 36-character form. A
// default one is the nil UUID and names nobody.
class ClientId {
 public:
  ClientId() = default;

  // The UUID made of these 128 bits, less the six that the version and variant take.
  static ClientId from_bits(std::uint64_t high, std::uint64_t low);

  std::string_view view() const { return {text_.data(), text_.size()}; }

  friend auto operator<=>(const ClientId&, const ClientId&) = default;

  template <typename H>
  friend H AbslHashValue(H state, const ClientId& id) {
    return H::combine(std::move(state), id.view());
  }

 private:
  std::array<char, 36> text_ = {'0', '0', '0', '0', '0', '0', '0', '0', '-', '0', '0', '0',
                                '0', '-', '0', '0', '0', '0', '-', '0', '0', '0', '0', '-',
                                '0', '0', '0', '0', '0', '0', '0', '0', '0', '0', '0', '0'};
};

}  // namespace madang
