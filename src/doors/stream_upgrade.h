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
#include "madang/transport/http_stream/http_stream_transport.h"

namespace madang {

// Whether a request says that its body is binary, application/octet-stream.
bool is_binary(const http::Request& request);

// What became of a request for a stream: a transport that is attached to the engine and waits for
// HttpStreamTransport::start() with the client's first message, or null and the response that
// refuses.
struct StreamUpgrade {
  std::shared_ptr<HttpStreamTransport> transport = nullptr;
  Connection* connection = nullptr;
  std::string initial = {};
  MessageKind kind = MessageKind::kText;
  http::Response refusal = {};
};

// Decides on a request for `service`, kHttpStream or kEvents, in this order: its origin, the
// method, what it asks for, the protocol, the engine. If all agree, the transport takes the
// ticket's place. `more_came`: there are bytes behind the request. On the door's lane.
StreamUpgrade upgrade_to_stream(Door& door, Service service, const http::Request& request,
                                bool more_came, ByteStream& stream, ConnectionGate::Ticket& ticket);

}  // namespace madang
