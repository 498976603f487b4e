// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <simdjson.h>

#include "absl/status/statusor.h"
#include "auth/verification_key.h"
#include "madang/auth/key_set.h"

namespace madang {

// The key that a JSON Web Key is (RFC 7517, RFC 7518 section 6, RFC 8037). Null: it is for another
// use or of a kind that is not offered. InvalidArgument: it is broken, weak or private.
absl::StatusOr<KeyRef> read_jwk(simdjson::dom::element jwk, const JwksOptions& options);

}  // namespace madang
