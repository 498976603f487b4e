// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "protocol/centrifuge/client.pb.h"
#include "protocol/centrifuge/command.h"

namespace madang::centrifuge {

// Whether each field of the protocol in it, and in its requests, has the type it should have. The
// parser takes one that has not for a field that it does not know.
bool is_strict(const wire::Command& command);

// Takes the first request in the protocol's order, and its parts with it. False if there is none,
// or a text in it is not UTF-8.
bool read_request(wire::Command& wire, CommandBody& body);

}  // namespace madang::centrifuge
