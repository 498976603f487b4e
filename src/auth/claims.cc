// SPDX-License-Identifier: Apache-2.0
#include "madang/auth/claims.h"

namespace madang {
namespace {

TokenVerdict mismatch(std::string_view why) { return {TokenOutcome::kMismatch, why}; }

}  // namespace

TokenVerdict match_subscription(const SubscriptionClaims& claims, std::string_view user,
                                std::string_view client, std::string_view room) {
  if (claims.user != user) return mismatch("the token is another user's");
  if (claims.room != room) return mismatch("the token is for another room");
  if (!claims.client.empty() && claims.client != client) {
    return mismatch("the token is for another session");
  }
  return {};
}

TokenVerdict match_connection(const ConnectionClaims& claims, std::string_view user) {
  if (claims.user != user) return mismatch("the token is another user's");
  return {};
}

}  // namespace madang
