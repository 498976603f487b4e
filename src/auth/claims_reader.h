// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "madang/auth/claims.h"

namespace madang {

// Read the claims of a token whose signature is good: whether they are of the right kinds, not
// whether they are to anybody's liking. Empty when good, else why not.
std::string_view read_connection_claims(std::string_view json, ConnectionClaims& claims);
std::string_view read_subscription_claims(std::string_view json, SubscriptionClaims& claims);

}  // namespace madang
