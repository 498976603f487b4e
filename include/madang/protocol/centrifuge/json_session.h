// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "madang/engine/protocol.h"

namespace madang::centrifuge {

struct JsonSessionOptions {
  // What clients are told as the server's version. Outlives the sessions; empty: nothing.
  std::string_view version = "madang";

  // Commands wait while a connect is being answered or the session wants no input. The rest of one
  // message always may; messages that would make it more than this close the session (3013).
  std::size_t backlog_bytes_max = 1024 * 1024;

  // Says with a last push why the session ends. For transports that cannot tell by themselves:
  // event streams, not WebSocket.
  bool pushes_disconnect = false;
};

// One client of the Centrifuge client protocol, version 2, in JSON: what the stock SDKs speak over
// WebSocket when nothing else is negotiated. A message is text and holds one command a line.
//
// A message that is not such commands closes the session (3501), a binary one too (3506). Refused
// with error 108, and never ignored, are map and poll subscriptions, tags filters and publishing by
// key. Delta compression is agreed to where RoomOptions::delta offers it; a client that wants
// another format than "fossil" is refused (107). Channel compaction, which a server need not agree
// to, is not agreed to: messages name their room.
std::unique_ptr<ProtocolSession> make_json_session(const JsonSessionOptions& options = {});

}  // namespace madang::centrifuge
