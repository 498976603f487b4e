// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "madang/auth/claims.h"
#include "madang/auth/key_set.h"
#include "madang/auth/token_outcome.h"
#include "madang/base/time.h"

namespace madang {

inline constexpr Duration kTokenLeewayMax = std::chrono::seconds(60);
inline constexpr std::size_t kTokenBytesMax = 64 * 1024;

struct TokenOptions {
  // Must be among the token's `aud`, and must be its `iss`, byte by byte. Empty: not looked at, so
  // that a token which the same key signed for another service is good here too.
  std::string audience = {};
  std::string issuer = {};
  // Refuses tokens without `exp`: nothing but a new key would ever end those.
  bool expiry_required = true;
  // How far the clocks of those who sign and those who check may be apart; to kTokenLeewayMax.
  Duration leeway = std::chrono::seconds(5);
  // What fits in a header of HTTP, where tokens travel too; to kTokenBytesMax.
  std::size_t token_bytes_max = 8 * 1024;
  // What is remembered of good tokens, so that clients who come back all at once cost no second
  // check. Either 0: nothing.
  std::size_t cache_entries_max = 16 * 1024;
  std::size_t cache_bytes_max = std::size_t{32} << 20;
};

// Turns the text of a JSON Web Token (RFC 7519, signed as RFC 7515 says in its compact form) into
// what it claims, or says why not.
//
// Before the signature is found good nothing of a token has any effect but the choice of a key
// among those configured: no address in it is followed. Everything is read strictly: base64url
// without padding and spare bits, a member of JSON once, times as whole numbers. A header with
// `crit`, with `b64` other than true, or with a `typ` other than JWT is refused.
//
// Any thread; does no I/O and waits for nobody, but for a short lock around what is remembered.
class TokenVerifier {
 public:
  // InvalidArgument: no keys, or an option is out of its bounds.
  static absl::StatusOr<std::unique_ptr<TokenVerifier>> make(std::shared_ptr<const KeySet> keys,
                                                             TokenOptions options);
  ~TokenVerifier();
  TokenVerifier(const TokenVerifier&) = delete;
  TokenVerifier& operator=(const TokenVerifier&) = delete;

  // A token of a connection. One that carries a `channel` opens a room and is refused here.
  // `token` is not kept by reference.
  TokenResult<ConnectionClaims> verify_connection(std::string_view token, WallTime now) const;

  // A token of a subscription, which must carry a `channel`. Whose it is and which room it opens is
  // for match_subscription() to say.
  TokenResult<SubscriptionClaims> verify_subscription(std::string_view token, WallTime now) const;

  // From now on tokens are checked with these, and what was remembered is forgotten: no call that
  // begins after this one accepts a token by an old key. Null is ignored.
  void use_keys(std::shared_ptr<const KeySet> keys);

  // How many tokens are remembered, and how many answers came from there.
  std::size_t cached() const;
  std::uint64_t cache_hits() const;

 private:
  class State;
  explicit TokenVerifier(std::unique_ptr<State> state);

  const std::unique_ptr<State> state_;
};

}  // namespace madang
