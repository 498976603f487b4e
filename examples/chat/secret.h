// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace chat {

// What the login signs with: 256 random bits of the system's, as 64 hexadecimal digits.
std::string make_secret();

// The secret in the file `path`, which is made with a new one if there is none. Whoever has the
// secret can be anybody, and without it nobody is known any more: the file is for its owner alone,
// and is to be kept as long as the messages are.
//   PermissionDenied     others may open it
//   FailedPrecondition   it is there and holds something else
//   Unavailable          it can not be read or made
absl::StatusOr<std::string> load_secret(const std::string& path);

}  // namespace chat
