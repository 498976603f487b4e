// SPDX-License-Identifier: Apache-2.0
#include "protocol/centrifuge/error.h"

#include <utility>

#include "madang/base/status.h"

namespace madang::centrifuge {

ErrorReply error_reply_of(const absl::Status& status) {
  if (auto error = client_error_of(status)) {
    return {error->code, std::move(error->message), error->temporary};
  }
  switch (status.code()) {
    case absl::StatusCode::kUnauthenticated:
      return {101, "unauthorized"};
    case absl::StatusCode::kNotFound:
      return {102, "unknown channel"};
    case absl::StatusCode::kPermissionDenied:
      return {103, "permission denied"};
    case absl::StatusCode::kAlreadyExists:
      return {105, "already subscribed"};
    case absl::StatusCode::kOutOfRange:
      return {106, "limit exceeded"};
    case absl::StatusCode::kInvalidArgument:
      return {107, "bad request"};
    case absl::StatusCode::kUnimplemented:
      return {108, "not available"};
    case absl::StatusCode::kResourceExhausted:
      return {111, "too many requests", true};
    case absl::StatusCode::kDataLoss:
      return {112, "unrecoverable position"};
    default:
      return {100, "internal server error", true};
  }
}

}  // namespace madang::centrifuge
