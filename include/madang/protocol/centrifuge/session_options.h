// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

namespace madang::centrifuge {

// What clients of the Centrifuge protocol get, whatever their wire format.
struct SessionOptions {
  // What clients are told as the server's version. Outlives the sessions; empty: nothing.
  std::string_view version = "madang";

  // Commands wait while a connect is being answered or the session wants no input. The rest of one
  // message always may; messages that would make it more than this close the session (3013).
  std::size_t backlog_bytes_max = 1024 * 1024;

  // Says with a last push why the session ends. For transports that cannot tell by themselves:
  // event streams, not WebSocket.
  bool pushes_disconnect = false;
};

}  // namespace madang::centrifuge
