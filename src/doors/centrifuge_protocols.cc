// SPDX-License-Identifier: Apache-2.0
#include "madang/doors/centrifuge_protocols.h"

#include "madang/http/query.h"
#include "madang/protocol/centrifuge/json_session.h"
#include "madang/protocol/centrifuge/protobuf_session.h"

namespace madang {

namespace {

// A query that cannot be read asks for nothing.
bool asks_for_protobuf(const http::Request& request) {
  return http::find_parameter(request.query, "format") == "protobuf" ||
         http::find_parameter(request.query, "cf_protocol") == "protobuf";
}

}  // namespace

std::vector<WebSocketProtocol> centrifuge_protocols(const centrifuge::SessionOptions& options) {
  const auto json = [options](const http::Request&) {
    return centrifuge::make_json_session(options);
  };
  const auto protobuf = [options](const http::Request&) {
    return centrifuge::make_protobuf_session(options);
  };
  return {{.subprotocol = "centrifuge-protobuf", .kind = MessageKind::kBinary, .make = protobuf},
          {.subprotocol = "centrifuge-json", .make = json},
          {.wants = asks_for_protobuf, .kind = MessageKind::kBinary, .make = protobuf},
          {.make = json}};
}

std::vector<StreamProtocol> centrifuge_stream_protocols(centrifuge::SessionOptions options) {
  options.pushes_disconnect = true;
  const auto json = [options](const http::Request&) {
    return centrifuge::make_json_session(options);
  };
  const auto protobuf = [options](const http::Request&) {
    return centrifuge::make_protobuf_session(options);
  };
  return {{.make = json}, {.kind = MessageKind::kBinary, .make = protobuf}};
}

}  // namespace madang
