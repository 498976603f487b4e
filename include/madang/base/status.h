// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace madang {

// Every failure a host or a client can see is an absl::Status. A code means the same everywhere;
// protocols turn it into a number of their own (in brackets those of the Centrifuge protocol):
//
//   kNotFound            no such room or user (102)
//   kPermissionDenied    refused by a handler (103)
//   kAlreadyExists       already there (105)
//   kOutOfRange          a fixed bound is reached, trying again does not help (106)
//   kInvalidArgument     the request makes no sense (107)
//   kUnimplemented       not offered by this engine, room or host (108)
//   kResourceExhausted   too much at the moment, try again later (111)
//   kUnavailable         not reachable at the moment, try again later (100)
//   kDataLoss            the history asked for is gone (112)
//   kUnauthenticated     who are you? (101)
//   anything else        an error of ours (100)

// A number of the application's own, sent to the client as it is. `code` should be 400 to 1999.
// `temporary` tells the client that trying again may help.
struct ClientError {
  std::uint32_t code = 0;
  std::string message = {};
  bool temporary = false;
};

// A Status that carries `error` through the engine to the client.
absl::Status client_error(const ClientError& error);

// What client_error() put into `status`, if it did.
std::optional<ClientError> client_error_of(const absl::Status& status);

// The client's token is past its time; it should fetch a new one and come again (109).
absl::Status token_expired_error();

}  // namespace madang
