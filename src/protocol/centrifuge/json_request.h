// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>

#include "protocol/centrifuge/command.h"
#include "protocol/centrifuge/json_reader.h"

namespace madang::centrifuge {

// One kind of request: the member of a command that holds it, and how it is read.
struct JsonRequest {
  std::string_view name;
  bool (*read)(const JsonValue& value, CommandBody& body);
};

inline constexpr std::size_t kJsonRequests = 12;

// All kinds in the protocol's order: of several in one command, the first counts.
std::span<const JsonRequest, kJsonRequests> json_requests();

}  // namespace madang::centrifuge
