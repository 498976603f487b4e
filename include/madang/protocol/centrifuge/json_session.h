// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "madang/engine/protocol.h"
#include "madang/protocol/centrifuge/session_options.h"

namespace madang::centrifuge {

// One client of the Centrifuge client protocol, version 2, in JSON: what the stock SDKs speak over
// WebSocket when nothing else is negotiated. A message is text and holds one command a line.
//
// A message that is not such commands closes the session (3501), a binary one too (3506). Refused
// with error 108, and never ignored, are map and poll subscriptions, tags filters and publishing by
// key. Delta compression is agreed to where RoomOptions::delta offers it; a client that wants
// another format than "fossil" is refused (107). Channel compaction, which a server need not agree
// to, is not agreed to: messages name their room.
std::unique_ptr<ProtocolSession> make_json_session(const SessionOptions& options = {});

}  // namespace madang::centrifuge
