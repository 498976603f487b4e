// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "madang/engine/protocol.h"
#include "madang/protocol/centrifuge/session_options.h"

namespace madang::centrifuge {

// One client of the Centrifuge client protocol, version 2, in Protobuf: what the stock SDKs speak
// where that was negotiated. A message is binary and holds commands one after the other, each
// behind its length as a varint; so do those that the client gets.
//
// What closes a session, and what is refused, is the same as in JSON (json_session.h); a message of
// text closes it with 3506. Field numbers that are unknown are ignored, as Protobuf has it, but one
// of the protocol's with the wrong type is no command (3501).
//
// Payloads are bytes. What such clients send as data of a connect, join, rpc or message is whatever
// they like, so a host looks before it takes it for JSON; what they publish into a room of JSON is
// JSON, or refused (107), because the engine looks.
std::unique_ptr<ProtocolSession> make_protobuf_session(const SessionOptions& options = {});

}  // namespace madang::centrifuge
