// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "madang/http/request.h"

namespace madang::http {

// Takes a complete head apart that HeadScanner has let through, and fills in the method, target and
// headers of `request`. What they mean is not looked at, except that the version must be 1.1.
std::optional<Error> parse_head(std::string_view head, Request& request);

}  // namespace madang::http
