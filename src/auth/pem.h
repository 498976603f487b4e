// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "auth/openssl.h"

namespace madang {

// The one public key in `pem`. InvalidArgument: it is something else, or there is more.
absl::StatusOr<EvpKey> read_pem(std::string_view pem);

}  // namespace madang
