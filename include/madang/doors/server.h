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
#include "madang/transport/http_stream/http_stream_lane.h"
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
  // Of the body of a request for a stream, or of one that hands in commands beside it, in place of
  // `request.body_bytes_max`. Longer: 413 and close.
  std::size_t stream_body_bytes_max = 64 * 1024;
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

// One way to speak with clients that can hold no WebSocket: by a response that does not end, and
// by requests beside it.
struct StreamProtocol {
  // Text is for HTTP-streaming, a message a line, and for Server-Sent Events. Binary is for
  // HTTP-streaming alone, for clients whose request is application/octet-stream.
  MessageKind kind = MessageKind::kText;

  // As WebSocketProtocol::make. The session has to tell by itself why it ends, because a stream has
  // no words for that: see pushes_disconnect in protocol/centrifuge/.
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

  // A client may hand in its first message with the handshake, percent-encoded as the parameter
  // cf_connect: the answer then comes right behind the 101, and the client is where it wants to be
  // one round trip earlier. It is held to what a frame may have, and to limits.request. Proxies
  // may write down what stands in a request line, tokens too.
  std::string websocket_path = "/connection/websocket";
  std::vector<WebSocketProtocol> protocols = {};

  // Streams, for clients whose network lets no WebSocket through; none without `stream_protocols`,
  // of which there is at most one of each kind. An empty path is not offered.
  //
  // POST to `http_stream_path` with the client's first commands as its body, or GET `sse_path` with
  // them as its parameter cf_connect (or POST), is answered with a response that does not end. What
  // the client says later comes as POST to `emulation_path`, on any connection and to any lane:
  // {"session": ..., "node": ..., "data": ...} with what the connect reply told it. That is
  // answered with
  //   204  the session has it, or is ending and says so on its stream;
  //   400  not such a request;
  //   404  no such session here, or another node's;
  //   429  the session does not keep up: HttpStreamOptions::waiting_bytes_max.
  std::string http_stream_path = "/connection/http_stream";
  std::string sse_path = "/connection/sse";
  std::string emulation_path = "/emulation";
  std::vector<StreamProtocol> stream_protocols = {};
  HttpStreamOptions http_stream = {};
  // By what name clients of streams know this process: up to 64 visible ASCII characters, and no
  // other process's. Empty: a random one.
  std::string node = {};

  // Which web pages may connect by WebSocket or by a stream. Others are answered with 403. Those
  // that may use streams from another origin are told so as CORS has it.
  http::OriginPolicy origins = {};
  // Whether clients may that are no browsers and send no Origin. Say no if a cookie is what tells
  // you who somebody is. A browser's request without Origin is let in if the browser says that it
  // is of the same origin, and else never.
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
// from those who ask for WebSocket or for a stream.
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
