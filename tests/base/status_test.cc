// SPDX-License-Identifier: Apache-2.0
#include "madang/base/status.h"

#include <doctest/doctest.h>

namespace madang {
namespace {

TEST_CASE("status: an application's number, text and haste travel through the engine unchanged") {
  for (const bool temporary : {false, true}) {
    const auto status =
        client_error({.code = 1999, .message = "out of tea", .temporary = temporary});
    CHECK_FALSE(status.ok());
    const auto error = client_error_of(status);
    REQUIRE(error.has_value());
    CHECK(error->code == 1999);
    CHECK(error->message == "out of tea");
    CHECK(error->temporary == temporary);
  }
}

TEST_CASE("status: an ordinary status carries no number") {
  CHECK_FALSE(client_error_of(absl::PermissionDeniedError("no")).has_value());
  CHECK_FALSE(client_error_of(absl::OkStatus()).has_value());
}

TEST_CASE("status: an expired token is 109 and not temporary") {
  const auto error = client_error_of(token_expired_error());
  REQUIRE(error.has_value());
  CHECK(error->code == 109);
  CHECK_FALSE(error->temporary);
}

}  // namespace
}  // namespace madang
