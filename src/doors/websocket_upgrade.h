// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "connection_gate.h"
#include "door.h"
#include "madang/engine/transport.h"
#include "madang/http/request.h"
#include "madang/http/response.h"
#include "madang/transport/byte_stream.h"
#include "madang/transport/websocket/websocket_transport.h"

namespace madang {

// What became of a handshake: a transport that is attached to the engine and waits for
// WebSocketTransport::start(), or null and the response that refuses.
struct WebSocketUpgrade {
  std::shared_ptr<WebSocketTransport> transport = nullptr;
  Connection* connection = nullptr;
  std::string first_message = {};  // of the client, if it came with the request
  MessageKind kind = MessageKind::kText;
  http::Response refusal = {};
};

// Decides on a request for the WebSocket path, in this order: its origin, the handshake, the
// protocol, the engine. If all agree, the transport takes the ticket's place. On the door's lane.
WebSocketUpgrade upgrade_to_websocket(Door& door, const http::Request& request, ByteStream& stream,
                                      ConnectionGate::Ticket& ticket);

}  // namespace madang
