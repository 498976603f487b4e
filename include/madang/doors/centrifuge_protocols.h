// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "madang/doors/server.h"
#include "madang/protocol/centrifuge/session_options.h"

namespace madang {

// The Centrifuge client protocol in both its formats, for ServerOptions::protocols: what a server
// needs for the stock SDKs.
//
//   Protobuf  for clients that ask for the subprotocol "centrifuge-protobuf", or for none of these
//             and have format=protobuf or cf_protocol=protobuf in their query
//   JSON      for "centrifuge-json" and all others
std::vector<WebSocketProtocol> centrifuge_protocols(
    const centrifuge::SessionOptions& options = centrifuge::SessionOptions());

// The same for ServerOptions::stream_protocols: HTTP-streaming in both formats, Server-Sent Events in
// JSON. Their sessions tell by themselves why they end.
std::vector<StreamProtocol> centrifuge_stream_protocols(
    centrifuge::SessionOptions options = centrifuge::SessionOptions());

}  // namespace madang
