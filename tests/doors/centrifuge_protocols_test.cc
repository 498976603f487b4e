// SPDX-License-Identifier: Apache-2.0
#include "madang/doors/centrifuge_protocols.h"

#include <doctest/doctest.h>

#include "server_fixture.h"

namespace madang {

namespace {

using websocket::Opcode;

// The kind of frames that a client gets for such a request, and the subprotocol it is told.
struct Outcome {
  Opcode opcode;
  std::string subprotocol;
};

Outcome outcome(ServerFixture& test, std::string_view query, std::string_view headers) {
  TcpClient client = test.connect();
  client.send(upgrade_request_with(query, headers));
  const std::string head = receive_head(client);
  REQUIRE(head.starts_with("HTTP/1.1 101 "));
  const std::string_view name = "\r\nSec-WebSocket-Protocol: ";
  std::string subprotocol;
  if (const auto at = head.find(name); at != head.npos) {
    const auto begin = at + name.size();
    subprotocol = head.substr(begin, head.find('\r', begin) - begin);
  }
  return {receive_frame(client).header.opcode, subprotocol};
}

}  // namespace

TEST_CASE("centrifuge: subprotocol or query choose Protobuf, and all others get JSON") {
  ServerFixture test([](ServerOptions& options) { options.protocols = centrifuge_protocols(); });
  struct Case {
    std::string query, headers;
    bool protobuf;
    std::string subprotocol = {};
  };
  const std::string ask = "Sec-WebSocket-Protocol: ";
  const Case cases[] = {
      {"", "", false},
      {"", ask + "centrifuge-protobuf\r\n", true, "centrifuge-protobuf"},
      {"", ask + "centrifuge-json\r\n", false, "centrifuge-json"},
      {"", ask + "chat\r\n", false},
      {"?format=protobuf", "", true},
      {"?cf_protocol=protobuf", "", true},
      {"?cf_protocol_version=v2&format=protobuf", "", true},
      {"?format=%70rotobuf", ask + "chat\r\n", true},
      {"?cf_protocol_version=v2&cf_ws_frame_ping_pong=true", "", false},
      {"?format=json", "", false},
      {"?format=Protobuf", "", false},
      {"?xformat=protobuf&formatx=protobuf", "", false},
      {"?format=protobuf", ask + "centrifuge-json\r\n", false, "centrifuge-json"},
      {"?format=json", ask + "centrifuge-protobuf\r\n", true, "centrifuge-protobuf"},
  };
  for (const Case& one : cases) {
    CAPTURE(one.query);
    CAPTURE(one.headers);
    const Outcome got = outcome(test, one.query, one.headers);
    CHECK(got.opcode == (one.protobuf ? Opcode::kBinary : Opcode::kText));
    CHECK(got.subprotocol == one.subprotocol);
  }
}

TEST_CASE("upgrade: the first protocol that wants a request gets it, and one may throw instead") {
  ServerFixture test([](ServerOptions& options) {
    const auto make = [](const http::Request&) { return std::make_unique<NullProtocol>(); };
    options.protocols = {
        {.wants = [](const http::Request& request) { return request.query == "b"; },
         .kind = MessageKind::kBinary,
         .make = make},
        {.wants = [](const http::Request& request) -> bool {
           if (request.query == "throw") throw 1;
           return request.query == "t";
         },
         .make = make},
    };
  });
  CHECK(outcome(test, "?b", "").opcode == Opcode::kBinary);
  CHECK(outcome(test, "?t", "").opcode == Opcode::kText);
  for (const auto& [query, status] :
       {std::pair("?throw", "HTTP/1.1 500 "), std::pair("?none", "HTTP/1.1 400 ")}) {
    TcpClient client = test.connect();
    client.send(upgrade_request_with(query));
    CHECK(receive_head(client).starts_with(status));
  }
  CHECK(test.server->counters().handlers_threw == 1);
  CHECK(test.server->counters().handshakes_refused == 1);
}

}  // namespace madang
