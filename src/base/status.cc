// SPDX-License-Identifier: Apache-2.0
#include "madang/base/status.h"

#include <charconv>

#include "absl/strings/cord.h"
#include "fmt/format.h"

namespace madang {
namespace {

constexpr char kPayloadUrl[] = "madang/client_error";

}  // namespace

absl::Status client_error(const ClientError& error) {
  absl::Status status(
      error.temporary ? absl::StatusCode::kUnavailable : absl::StatusCode::kFailedPrecondition,
      error.message);
  status.SetPayload(kPayloadUrl, absl::Cord(fmt::format("{}", error.code)));
  return status;
}

std::optional<ClientError> client_error_of(const absl::Status& status) {
  const auto payload = status.GetPayload(kPayloadUrl);
  if (!payload) return std::nullopt;
  const std::string text(*payload);
  ClientError error;
  std::from_chars(text.data(), text.data() + text.size(), error.code);
  error.message = std::string(status.message());
  error.temporary = status.code() == absl::StatusCode::kUnavailable;
  return error;
}

absl::Status token_expired_error() {
  return client_error({.code = 109, .message = "token expired", .temporary = false});
}

}  // namespace madang
