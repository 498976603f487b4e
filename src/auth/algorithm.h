// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "madang/auth/key_set.h"

namespace madang {

enum class KeyFamily : std::uint8_t { kSecret, kRsa, kEc, kEd25519 };

struct AlgorithmTraits {
  TokenAlgorithm algorithm;
  std::string_view name;  // `alg`
  KeyFamily family;
  const char* digest;          // as OpenSSL calls it; null: the algorithm brings its own
  std::size_t signature_half;  // EC: the bytes of r, and of s
  std::string_view curve;      // EC: `crv`
  const char* group;           // EC: the curve as OpenSSL calls it
};

const AlgorithmTraits& traits_of(TokenAlgorithm algorithm);

// Names are compared byte by byte, as RFC 7515 asks.
std::optional<TokenAlgorithm> algorithm_named(std::string_view name);

// Null: not a curve of ours.
const AlgorithmTraits* ec_by_curve(std::string_view curve);
const AlgorithmTraits* ec_by_group(std::string_view group);

}  // namespace madang
