// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "auth/algorithm.h"
#include "auth/openssl.h"
#include "madang/auth/key_set.h"

namespace madang {

class VerificationKey;
using KeyRef = std::shared_ptr<const VerificationKey>;

// One key and what it is for. Immutable; any thread.
class VerificationKey {
 public:
  // The errors of both are InvalidArgument.
  static absl::StatusOr<KeyRef> of_secret(std::string_view secret, const SecretOptions& options);
  // `only` narrows an RSA key to one algorithm, and must be what a key of another kind is for.
  static absl::StatusOr<KeyRef> of_public(EvpKey key, std::string_view id,
                                          std::optional<TokenAlgorithm> only);
  ~VerificationKey();
  VerificationKey(const VerificationKey&) = delete;
  VerificationKey& operator=(const VerificationKey&) = delete;

  const std::string& id() const { return id_; }
  bool fits(TokenAlgorithm algorithm) const;

  // Whether `signature` is over `text`. False for an algorithm that does not fit.
  bool verify(TokenAlgorithm algorithm, std::string_view text, std::string_view signature) const;

 private:
  VerificationKey() = default;

  bool verify_secret(const AlgorithmTraits& traits, std::string_view text,
                     std::string_view signature) const;
  bool verify_public(const char* digest, std::string_view text, std::string_view signature) const;

  std::string id_ = {};
  KeyFamily family_ = KeyFamily::kSecret;
  std::optional<TokenAlgorithm> only_ = {};  // empty: all of the family
  std::string secret_ = {};
  EvpKey key_ = nullptr;
};

}  // namespace madang
