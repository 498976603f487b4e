// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "madang/http/router.h"
#include "madang/protocol/centrifuge/server_api.h"

namespace madang {

struct HttpApiOptions {
  // Who knows this may do everything, so it goes over a port that is not the clients', or through
  // TLS. At least 16 bytes.
  std::string key = {};
  // Lets everybody in who reaches the port. Only without a key.
  bool insecure = false;

  // POST <path>/<method>.
  std::string path = "/api";

  centrifuge::ServerApiOptions api = {};
};

// Adds the methods of centrifuge::ServerApi to the paths of a server. A call carries the key in
// "X-API-Key", or in "Authorization: apikey <key>"; they are compared in constant time.
//
// 200 with {"result":...} or {"error":...}, whatever came of the method; 401 without the key; 404
// for a method there is none of. The server takes bodies up to RequestLimits::body_bytes_max, which
// by default is none at all: say what yours may measure.
//
// InvalidArgument: no engine, or neither a key of 16 bytes nor `insecure`, or both.
absl::Status add_http_api(http::Router& router, HttpApiOptions options);

}  // namespace madang
