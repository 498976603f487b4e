// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <utility>

#include "madang/base/callback.h"

namespace madang::testing {

// What `call(callback)` answers before it returns, and Unknown if it answers later.
template <typename Result, typename Call>
absl::StatusOr<Result> answer_now(Call call) {
  // Shared, because the answer may still come.
  const auto kept = std::make_shared<absl::StatusOr<Result>>(absl::UnknownError("no answer yet"));
  call(Callback<Result>([kept](absl::StatusOr<Result> result) { *kept = std::move(result); }));
  return *kept;
}

}  // namespace madang::testing
