// SPDX-License-Identifier: Apache-2.0
#include "websocket_upgrade.h"

#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/match.h"
#include "madang/http/query.h"
#include "madang/transport/websocket/handshake.h"
#include "page_check.h"

namespace madang {

namespace {

constexpr std::string_view kRetryAfterS = "5";

// A connection with its place in the server's count, which it gives back as it ends. Its lane knows
// the gate, so that a connection need not.
class CountedTransport final : public WebSocketTransport {
 public:
  CountedTransport(std::shared_ptr<DoorWebSocketLane> lane, ByteStream& stream, Setup setup)
      : WebSocketTransport(std::move(lane), stream, std::move(setup)) {}
  ~CountedTransport() override {
    if (place_ != kNoAddress) static_cast<DoorWebSocketLane&>(lane()).gate.leave(place_);
  }

  void count_by(ConnectionGate::Place place) { place_ = place.release(); }

 private:
  AddressKey place_ = kNoAddress;
};

static_assert(sizeof(CountedTransport) <= 72, "every idle connection holds one");

WebSocketUpgrade refuse(int status, std::string_view reason) {
  return {.refusal = http::error_response({status, reason})};
}

// All headers of the name as one list, which is what several of them mean. Put together in `list`
// if there are several.
std::string_view joined(const http::Request& request, std::string_view name, std::string& list) {
  std::string_view value;
  bool found = false;
  for (const http::Header& header : request.headers) {
    if (!absl::EqualsIgnoreCase(header.name, {name.data(), name.size()})) continue;
    if (found) {
      list.assign(std::string(value).append(", ").append(header.value));
      value = list;
    } else {
      value = header.value;
    }
    found = true;
  }
  return value;
}

websocket::HandshakeResponse answer_handshake(const Door& door, const http::Request& request) {
  std::array<std::string, 6> lists;
  return websocket::answer_handshake(
      {.method = request.method,
       .http_minor = request.version_minor,
       .upgrade = joined(request, "Upgrade", lists[0]),
       .connection = joined(request, "Connection", lists[1]),
       .version = joined(request, "Sec-WebSocket-Version", lists[2]),
       .key = joined(request, "Sec-WebSocket-Key", lists[3]),
       .subprotocols = joined(request, "Sec-WebSocket-Protocol", lists[4]),
       .extensions = joined(request, "Sec-WebSocket-Extensions", lists[5])},
      {.subprotocols = door.subprotocols(), .compression = door.options().compression});
}

// As HTTP sends it; Connection is HTTP's own business.
void add_headers(const websocket::HandshakeResponse& handshake, http::Response& response) {
  for (const auto& [name, value] : handshake.headers) {
    if (name != "Connection") response.headers.push_back({std::string(name), value});
  }
}

// The response that accepts. Its headers hold nothing of the client's but what is the name of one
// of our subprotocols.
Payload response_head(const websocket::HandshakeResponse& handshake) {
  std::string head = "HTTP/1.1 101 Switching Protocols\r\n";
  for (const auto& [name, value] : handshake.headers)
    head.append(name).append(": ").append(value).append("\r\n");
  return Payload(head.append("\r\n"));
}

const WebSocketProtocol* find_protocol(const Door& door, const http::Request& request,
                                       std::string_view subprotocol) {
  for (const WebSocketProtocol& protocol : door.options().protocols) {
    if (protocol.subprotocol != subprotocol) continue;
    if (!protocol.wants || protocol.wants(request)) return &protocol;
  }
  return nullptr;
}

std::string header_value(const http::Request& request, std::string_view name) {
  const std::string* value = request.find(name);
  return value == nullptr ? std::string() : *value;
}

}  // namespace

WebSocketUpgrade upgrade_to_websocket(Door& door, const http::Request& request, ByteStream& stream,
                                      ConnectionGate::Ticket& ticket) {
  if (!page_may_connect(door, request)) {
    door.counters().origins_refused.add();
    return refuse(403, "origin not allowed");
  }
  const websocket::HandshakeResponse handshake = answer_handshake(door, request);
  if (!handshake.accepted()) {
    door.counters().handshakes_refused.add();
    WebSocketUpgrade refusal = refuse(handshake.status, handshake.reason);
    add_headers(handshake, refusal.refusal);
    return refusal;
  }
  const WebSocketProtocol* protocol = nullptr;
  std::unique_ptr<ProtocolSession> session;
  try {
    protocol = find_protocol(door, request, handshake.subprotocol);
    if (protocol != nullptr) session = protocol->make(request);
  } catch (...) {
    door.counters().handlers_threw.add();
    return refuse(500, "internal error");
  }
  if (protocol == nullptr) {
    door.counters().handshakes_refused.add();
    return refuse(400, "no such subprotocol");
  }
  if (session == nullptr) {
    door.counters().handshakes_refused.add();
    return refuse(403, "not allowed");
  }

  const std::shared_ptr<DoorWebSocketLane> lane = door.websocket();
  Framing& framing = handshake.deflate ? lane->deflate_framing(
                                             protocol->kind, handshake.deflate->server_window_bits)
                                       : lane->plain_framing(protocol->kind);
  auto transport = std::make_shared<CountedTransport>(
      lane, stream,
      WebSocketTransport::Setup{.origin = header_value(request, "Origin"),
                                .path = request.path,
                                .compression = handshake.deflate.has_value(),
                                .response = response_head(handshake)});
  CloseReason why;
  Connection* const connection =
      door.options().engine->attach(door.lane(), transport, std::move(session), framing, &why);
  if (connection == nullptr) {
    door.counters().sessions_refused.add();
    WebSocketUpgrade refusal = refuse(503, why.text);
    refusal.refusal.headers.push_back({"Retry-After", std::string(kRetryAfterS)});
    return refusal;
  }
  transport->count_by(ticket.take_place());
  door.counters().upgrades.add();
  return {.transport = std::move(transport),
          .connection = connection,
          .first_message = http::find_parameter(request.query, "cf_connect").value_or(""),
          .kind = protocol->kind};
}

}  // namespace madang
