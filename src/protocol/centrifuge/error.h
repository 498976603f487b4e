// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"

namespace madang::centrifuge {

// How a command failed, as its client is told.
struct ErrorReply {
  std::uint32_t code = 0;
  std::string message;
  bool temporary = false;  // trying again may help
};

// The numbers that base/status.h lists, each with a fixed text: what a status says is not for
// clients, unless the host meant it for them with client_error(). `status` is not OK.
ErrorReply error_reply_of(const absl::Status& status);

}  // namespace madang::centrifuge
