// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <doctest/doctest.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "auth/signer.h"
#include "madang/auth/token_verifier.h"

namespace madang::testing {

inline constexpr WallTime kNow{std::chrono::seconds(1'700'000'000)};
inline constexpr auto kHs256 = TokenAlgorithm::kHs256;

inline const std::string kSecret = "0123456789abcdef0123456789abcdef";

inline Signer& secret_signer() {
  static Signer signer = Signer::secret(kSecret);
  return signer;
}

inline std::shared_ptr<const KeySet> secret_keys() {
  auto keys = std::make_shared<KeySet>();
  REQUIRE(keys->add_secret(kSecret).ok());
  return keys;
}

inline std::shared_ptr<const KeySet> pem_keys(const Signer& signer) {
  auto keys = std::make_shared<KeySet>();
  REQUIRE(keys->add_pem(signer.pem()).ok());
  return keys;
}

inline std::unique_ptr<TokenVerifier> make_verifier(std::shared_ptr<const KeySet> keys,
                                                    TokenOptions options = {}) {
  auto verifier = TokenVerifier::make(std::move(keys), std::move(options));
  REQUIRE(verifier.ok());
  return *std::move(verifier);
}

// Ann, for a minute from kNow on.
inline const std::string kAnn = R"({"sub":"ann","exp":1700000060})";

// Claims of ann's with `more` put behind them: R"(,"iat":1)".
inline std::string ann(std::string_view more) {
  return R"({"sub":"ann","exp":1700000060)" + std::string(more) + '}';
}

inline std::string signed_text(std::string_view claims) {
  return secret_signer().token(kHs256, claims);
}

// What becomes of claims, or of a whole token, under the plain secret.
inline TokenResult<ConnectionClaims> connection(std::string_view claims,
                                                const TokenOptions& options = {}) {
  return make_verifier(secret_keys(), options)->verify_connection(signed_text(claims), kNow);
}

inline TokenResult<SubscriptionClaims> subscription(std::string_view claims) {
  return make_verifier(secret_keys())->verify_subscription(signed_text(claims), kNow);
}

inline TokenVerdict verdict_of_token(std::string_view token) {
  return make_verifier(secret_keys())->verify_connection(token, kNow);
}

}  // namespace madang::testing
