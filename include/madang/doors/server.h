// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "madang/base/log.h"
#include "madang/base/scheduler.h"
#include "madang/base/time.h"
#include "madang/doors/server_counters.h"
#include "madang/engine/engine.h"
#include "madang/engine/protocol.h"
#include "madang/engine/transport.h"
#include "madang/http/origin.h"
#include "madang/http/request.h"
#include "madang/http/request_parser.h"
#include "madang/http/router.h"
#include "madang/transport/lanes.h"
#include "madang/transport/websocket/websocket_lane.h"

namespace madang {

// Everything a client may take from a server. What happens at a bound is said beside it; each has
// its counter.
struct ServerLimits {
  // Connections of the whole server, of one address (for IPv6: of one /64 network), and those that
  // have not completed their first request. One more is closed as it is accepted.
  //
  // Behind a proxy all clients share its address.
  std::size_t connections_max = 1'000'000;
  std::size_t connections_per_address_max = 4'096;
  std::size_t handshakes_max = 16'384;

  // From accept to the end of the first request, whatever comes meanwhile. Longer: 408 and close.
  Duration handshake_timeout = std::chrono::seconds(10);
  // The same for a later request, from its first byte.
  Duration request_timeout = std::chrono::seconds(10);
  // Between two requests. Longer: close.
  Duration keep_alive_timeout = std::chrono::seconds(30);
  // For a handler to answer (longer: 503 and close), and for a client to take any byte of the
  // response (longer: close).
  Duration response_timeout = std::chrono::seconds(30);
  // How long a client that was refused may go on sending before it is cut. Cutting it at once would
  // take the response from it.
  Duration linger_timeout = std::chrono::seconds(2);
  // How long stop() waits for requests under way.
  Duration stop_timeout = std::chrono::seconds(5);

  // The response to the last of these says that the connection closes.
  std::size_t requests_per_connection_max = 10'000;

  http::RequestLimits request = {};
};

// One way to speak with clients over WebSocket.
struct WebSocketProtocol {
  // The name by which clients ask for it in Sec-WebSocket-Protocol. Empty: for clients that ask for
  // none, or for none of ours.
  std::string subprotocol = {};

  // Which of the requests with this subprotocol it is for: the first protocol that wants one gets
  // it. Null: for all. Like `make`, any lane, several at once.
  std::function<bool(const http::Request& request)> wants = nullptr;

  // Whether its messages are text or binary.
  MessageKind kind = MessageKind::kText;

  // Makes the session of one client, or null to refuse it (403). Any lane, several at once. The
  // request lives for the call.
  std::function<std::unique_ptr<ProtocolSession>(const http::Request& request)> make = nullptr;
};

struct ServerOptions {
  // Made with the schedulers of `lanes`, in their order. Both outlive the server.
  Engine* engine = nullptr;
  Lanes* lanes = nullptr;

  // An address in numbers. "0.0.0.0" and "::" let everybody in, so the default is this machine.
  std::string address = "127.0.0.1";
  // 0: the system chooses one; Server::port() tells.
  std::uint16_t port = 0;

  std::string websocket_path = "/connection/websocket";
  std::vector<WebSocketProtocol> protocols = {};

  // Which web pages may connect by WebSocket. Others are answered with 403.
  http::OriginPolicy origins = {};
  // Whether clients may that are no browsers and send no Origin. Say no if a cookie is what tells
  // you who somebody is.
  bool allow_absent_origin = true;

  // Whether clients that offer permessage-deflate get it.
  bool compression = false;
  WebSocketOptions websocket = {};

  // The host's own paths. Handlers run on the lane of their connection, must not wait, and give
  // their responders back before the lanes are destroyed.
  http::Router router = {};

  ServerLimits limits = {};
  LogSink* log = nullptr;  // may be null; outlives the server's connections
};

// Lets clients in: listens for TCP on each lane, serves HTTP/1.1, and makes sessions of the engine
// from those who ask for WebSocket.
//
//   auto lanes = make_lanes();
//   auto engine = Engine::create({.lanes = (*lanes)->schedulers(), .handlers = ...});
//   auto server = Server::start({.engine = engine->get(), .lanes = lanes->get(), .port = 8000,
//                                .protocols = {{.make = ...}}});
//   run_until_signal(**lanes, **engine, **server);
//
// To end in order: stop(), Engine::drain(), Lanes::stop() and join(); then destroy server,
// engine and lanes, which is the reverse of how they were made. run_until_signal() in run.h does
// the first half, and scopes do the other. Thread-safe.
class Server {
 public:
  // Binds and listens; clients are served as soon as the lanes run. InvalidArgument: the options
  // make no sense. Unavailable: the port is taken, or the system refuses otherwise.
  static absl::StatusOr<std::unique_ptr<Server>> start(ServerOptions options);

  // After stop() has called back, or when the lanes run no longer.
  virtual ~Server() = default;

  virtual std::uint16_t port() const = 0;

  // What was counted so far. Takes no lock but for `connections`.
  virtual ServerCounters counters() const = 0;

  // Accepts no more, closes idle connections, lets requests under way finish within
  // ServerLimits::stop_timeout, and then calls `done` on some lane. Sessions stay: Engine::drain()
  // ends them. Once, while the lanes run.
  virtual void stop(Task done) = 0;

  // Waits until no connection is open, sessions' included, for at most `timeout`. Answers whether
  // that came true. Not from a lane.
  virtual bool wait_until_closed(Duration timeout) = 0;
};

}  // namespace madang
