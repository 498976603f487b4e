// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "madang/auth/token_outcome.h"
#include "madang/base/payload.h"
#include "madang/base/time.h"

namespace madang {

// How many rooms a connection token may name, in `channels` and `subs` together.
inline constexpr std::size_t kTokenRoomsMax = 128;

// What a token wants to be different from what the room's options say (`override`); an empty one
// leaves it to them.
struct TokenOverrides {
  std::optional<bool> presence = {};
  std::optional<bool> join_leave = {};
  std::optional<bool> force_push_join_leave = {};
  std::optional<bool> force_recovery = {};
  std::optional<bool> force_positioning = {};
};

// What both kinds of tokens may claim. A claim that is not named here is ignored, as RFC 7519 asks.
struct TokenClaims {
  std::string user = {};                   // `sub`; empty: not logged in
  std::string id = {};                     // `jti`
  std::string issuer = {};                 // `iss`
  std::vector<std::string> audience = {};  // `aud`, a text or a list of them

  std::optional<WallTime> expires = {};     // `exp`: the token is no good from then on
  std::optional<WallTime> not_before = {};  // `nbf`
  std::optional<WallTime> issued_at = {};   // `iat`
  // When what the token opened ends: `expire_at`, where 0 is never, or else `exp`.
  std::optional<WallTime> ends = {};

  // What others in the room see: JSON from `info`, or any bytes from `b64info`. Payload::is_json()
  // tells which.
  Payload info = {};
};

// One of `subs`, or of `channels`, which says no more than the name. Is the room in both, `subs`
// holds.
struct TokenSubscription {
  std::string room = {};
  Payload info = {};  // `info` or `b64info`
  Payload data = {};  // `data` or `b64data`
  TokenOverrides overrides = {};
};

// A token that opens a connection.
struct ConnectionClaims : TokenClaims {
  std::vector<TokenSubscription> subscriptions = {};  // joined by the server; each room once
  Payload meta = {};                                  // JSON that only the host sees
};

// A token that opens one room.
struct SubscriptionClaims : TokenClaims {
  std::string room = {};    // `channel`, never empty
  std::string client = {};  // the one session that may use it; empty: any of the user's
  TokenOverrides overrides = {};
};

// Whether a good subscription token is for this user's session and this room: kGood or kMismatch.
// `client` is ClientId::text(). Any thread.
TokenVerdict match_subscription(const SubscriptionClaims& claims, std::string_view user,
                                std::string_view client, std::string_view room);

// Whether a token that refreshes a connection is for the connection's user: kGood or kMismatch.
TokenVerdict match_connection(const ConnectionClaims& claims, std::string_view user);

}  // namespace madang
