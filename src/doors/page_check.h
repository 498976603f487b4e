// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "door.h"
#include "madang/http/request.h"
#include "madang/http/response.h"

namespace madang {

// Whether whoever sent this may be a client, by the page that it comes from.
bool page_may_connect(const Door& door, const http::Request& request);

// Says in the response that the request's page may read it (CORS).
void let_page_read(const http::Request& request, http::Response& response);

// The answer to a request for streams that gets no further: from a page that may not (403), the
// question of a page whether it may (OPTIONS: 204), or with a method that is not in `methods`, a
// list as Allow has it (405). Nothing for all others.
std::optional<http::Response> answer_early(Door& door, const http::Request& request,
                                           std::string_view methods);

}  // namespace madang
