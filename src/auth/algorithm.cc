// SPDX-License-Identifier: Apache-2.0
#include "auth/algorithm.h"

#include <array>

namespace madang {
namespace {

// In the order of TokenAlgorithm.
constexpr std::array<AlgorithmTraits, 10> kAlgorithms{{
    {TokenAlgorithm::kHs256, "HS256", KeyFamily::kSecret, "SHA256", 0, "", ""},
    {TokenAlgorithm::kHs384, "HS384", KeyFamily::kSecret, "SHA384", 0, "", ""},
    {TokenAlgorithm::kHs512, "HS512", KeyFamily::kSecret, "SHA512", 0, "", ""},
    {TokenAlgorithm::kRs256, "RS256", KeyFamily::kRsa, "SHA256", 0, "", ""},
    {TokenAlgorithm::kRs384, "RS384", KeyFamily::kRsa, "SHA384", 0, "", ""},
    {TokenAlgorithm::kRs512, "RS512", KeyFamily::kRsa, "SHA512", 0, "", ""},
    {TokenAlgorithm::kEs256, "ES256", KeyFamily::kEc, "SHA256", 32, "P-256", "prime256v1"},
    {TokenAlgorithm::kEs384, "ES384", KeyFamily::kEc, "SHA384", 48, "P-384", "secp384r1"},
    {TokenAlgorithm::kEs512, "ES512", KeyFamily::kEc, "SHA512", 66, "P-521", "secp521r1"},
    {TokenAlgorithm::kEdDsa, "EdDSA", KeyFamily::kEd25519, nullptr, 0, "", ""},
}};

template <typename Wanted>
const AlgorithmTraits* first(Wanted wanted) {
  for (const auto& traits : kAlgorithms) {
    if (wanted(traits)) return &traits;
  }
  return nullptr;
}

}  // namespace

const AlgorithmTraits& traits_of(TokenAlgorithm algorithm) {
  return kAlgorithms.at(static_cast<std::size_t>(algorithm));
}

std::optional<TokenAlgorithm> algorithm_named(std::string_view name) {
  const auto* traits = first([name](const auto& each) { return each.name == name; });
  if (traits == nullptr) return std::nullopt;
  return traits->algorithm;
}

const AlgorithmTraits* ec_by_curve(std::string_view curve) {
  return first(
      [curve](const auto& each) { return each.family == KeyFamily::kEc && each.curve == curve; });
}

const AlgorithmTraits* ec_by_group(std::string_view group) {
  return first(
      [group](const auto& each) { return each.family == KeyFamily::kEc && each.group == group; });
}

}  // namespace madang
