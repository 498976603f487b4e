// SPDX-License-Identifier: Apache-2.0
#include "madang/auth/token_verifier.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <utility>

#include "auth/base64.h"
#include "auth/claims_reader.h"
#include "auth/jws.h"
#include "auth/token_cache.h"
#include "auth/verification_key.h"

namespace madang {
namespace {

// Further ahead than any leeway, an `iat` is no matter of clocks that differ.
constexpr auto kIssuedAheadMax = std::chrono::floor<std::chrono::milliseconds>(kTokenLeewayMax);

std::string_view read_claims(std::string_view json, ConnectionClaims& claims) {
  return read_connection_claims(json, claims);
}

std::string_view read_claims(std::string_view json, SubscriptionClaims& claims) {
  return read_subscription_claims(json, claims);
}

TokenVerdict invalid(std::string_view why) { return {TokenOutcome::kInvalid, why}; }

absl::Status check_options(const TokenOptions& options) {
  if (options.leeway < Duration::zero() || options.leeway > kTokenLeewayMax) {
    return absl::InvalidArgumentError("leeway is negative or above kTokenLeewayMax");
  }
  if (options.token_bytes_max == 0 || options.token_bytes_max > kTokenBytesMax) {
    return absl::InvalidArgumentError("token_bytes_max is 0 or above kTokenBytesMax");
  }
  return absl::OkStatus();
}

}  // namespace

class TokenVerifier::State {
 public:
  State(std::shared_ptr<const KeySet> keys, TokenOptions options)
      : options_(std::move(options)),
        cache_(options_.cache_entries_max, options_.cache_bytes_max),
        keys_(std::move(keys)) {}

  template <typename Claims>
  TokenResult<Claims> verify(std::string_view token, WallTime now) {
    // So that a megabyte costs nothing, not even a look at it.
    if (token.size() > options_.token_bytes_max) return {invalid("the token is too long")};
    auto checked = remembered<Claims>(token);
    const bool is_new = checked == nullptr;
    if (is_new) {
      auto fresh = std::make_shared<CheckedToken>();
      const auto why = check(token, fresh->claims.emplace<Claims>(), fresh->generation);
      if (!why.empty()) return {invalid(why)};
      checked = std::move(fresh);
    }
    const auto verdict = check_times(checked->common(), now);
    if (is_new && verdict.good()) cache_.insert(token, checked);
    if (!is_new && verdict.outcome == TokenOutcome::kExpired) cache_.erase(token);
    if (!verdict.good()) return {verdict};
    const auto* claims = std::get_if<Claims>(&checked->claims);
    return {verdict, std::shared_ptr<const Claims>(std::move(checked), claims)};
  }

  void use_keys(std::shared_ptr<const KeySet> keys) {
    {
      const std::scoped_lock lock(mutex_);
      keys_.swap(keys);
      generation_.fetch_add(1, std::memory_order_release);
    }
    // What a call under way still puts in is of the old generation, and nobody's.
    cache_.clear();
  }

  std::size_t cached() const { return cache_.size(); }
  std::uint64_t hits() const { return hits_.load(std::memory_order_relaxed); }

 private:
  // A token of the other kind is none here: it goes the long way and is refused there.
  template <typename Claims>
  CheckedTokenRef remembered(std::string_view token) {
    auto checked = cache_.find(token);
    if (checked == nullptr || !std::holds_alternative<Claims>(checked->claims)) return nullptr;
    if (checked->generation != generation_.load(std::memory_order_acquire)) return nullptr;
    hits_.fetch_add(1, std::memory_order_relaxed);
    return checked;
  }

  // All but the time.
  template <typename Claims>
  std::string_view check(std::string_view token, Claims& claims, std::uint64_t& generation) {
    Jws jws;
    if (const auto why = read_jws(token, jws); !why.empty()) return why;
    const auto keys = current_keys(generation);
    std::string_view why;
    const auto* key = keys->find(jws.algorithm, jws.key_id ? &*jws.key_id : nullptr, why);
    if (key == nullptr) return why;
    if (!key->verify(jws.algorithm, jws.signed_text, jws.signature)) {
      return "the signature is not by the key";
    }
    std::string payload;
    if (!decode_base64url(jws.payload_text, payload)) return "the claims are not base64url";
    if (why = read_claims(payload, claims); !why.empty()) return why;
    return check_claims(claims);
  }

  std::shared_ptr<const KeySet> current_keys(std::uint64_t& generation) {
    const std::scoped_lock lock(mutex_);
    generation = generation_.load(std::memory_order_relaxed);
    return keys_;
  }

  std::string_view check_claims(const TokenClaims& claims) const {
    if (!options_.issuer.empty() && claims.issuer != options_.issuer) {
      return "the token is not by our issuer";
    }
    if (!options_.audience.empty() && std::find(claims.audience.begin(), claims.audience.end(),
                                                options_.audience) == claims.audience.end()) {
      return "the token is not for us";
    }
    if (options_.expiry_required && !claims.expires) return "the token has no exp";
    return {};
  }

  TokenVerdict check_times(const TokenClaims& claims, WallTime now) const {
    // In milliseconds, for a far date in nanoseconds is beyond 64 bits.
    const auto leeway = std::chrono::floor<std::chrono::milliseconds>(options_.leeway);
    if (claims.not_before && now + leeway < *claims.not_before) {
      return invalid("the token is not valid yet");
    }
    if (claims.issued_at && now + kIssuedAheadMax < *claims.issued_at) {
      return invalid("the token was issued in the future");
    }
    if ((claims.expires && now >= *claims.expires + leeway) ||
        (claims.ends && now >= *claims.ends + leeway)) {
      return {TokenOutcome::kExpired, "the token is expired"};
    }
    return {};
  }

  const TokenOptions options_;
  TokenCache cache_;
  std::atomic<std::uint64_t> hits_ = 0;

  std::mutex mutex_;  // of keys_
  std::shared_ptr<const KeySet> keys_;
  std::atomic<std::uint64_t> generation_ = 0;  // goes on under the lock
};

absl::StatusOr<std::unique_ptr<TokenVerifier>> TokenVerifier::make(
    std::shared_ptr<const KeySet> keys, TokenOptions options) {
  if (keys == nullptr || keys->size() == 0) return absl::InvalidArgumentError("there are no keys");
  if (auto status = check_options(options); !status.ok()) return status;
  return std::unique_ptr<TokenVerifier>(
      new TokenVerifier(std::make_unique<State>(std::move(keys), std::move(options))));
}

TokenVerifier::TokenVerifier(std::unique_ptr<State> state) : state_(std::move(state)) {}
TokenVerifier::~TokenVerifier() = default;

TokenResult<ConnectionClaims> TokenVerifier::verify_connection(std::string_view token,
                                                               WallTime now) const {
  return state_->verify<ConnectionClaims>(token, now);
}

TokenResult<SubscriptionClaims> TokenVerifier::verify_subscription(std::string_view token,
                                                                   WallTime now) const {
  return state_->verify<SubscriptionClaims>(token, now);
}

void TokenVerifier::use_keys(std::shared_ptr<const KeySet> keys) {
  if (keys != nullptr) state_->use_keys(std::move(keys));
}

std::size_t TokenVerifier::cached() const { return state_->cached(); }
std::uint64_t TokenVerifier::cache_hits() const { return state_->hits(); }

}  // namespace madang
