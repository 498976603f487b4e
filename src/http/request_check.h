// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>

#include "madang/http/request_parser.h"

namespace madang::http {

// How the body follows the head.
struct BodyPlan {
  bool chunked = false;
  std::size_t length = 0;     // Of a body that is not chunked.
  std::size_t bytes_max = 0;  // Of any body for this path.
  bool expects_continue = false;
};

// Checks what a head says, as RequestParser's comment lists it. Fills in the path and query of
// `request` and, in `plan`, how its body is to be read.
std::optional<Error> check_request(const RequestLimits& limits, Request& request, BodyPlan& plan);

}  // namespace madang::http
