// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace madang {

// Takes the one answer to a call. What the call says of threads and time holds for it.
template <typename Result>
using Callback = absl::AnyInvocable<void(absl::StatusOr<Result>)>;

// The same where there is nothing to answer but how it went.
using StatusCallback = absl::AnyInvocable<void(absl::Status)>;

}  // namespace madang
