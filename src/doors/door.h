// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "connection_gate.h"
#include "madang/base/counters.h"
#include "madang/base/scheduler.h"
#include "madang/doors/server.h"
#include "madang/http/request_parser.h"
#include "madang/transport/byte_stream.h"
#include "madang/transport/http_stream/http_stream_lane.h"
#include "madang/transport/websocket/websocket_lane.h"
#include "stream_table.h"

namespace madang {

class HttpConnection;

// The same as ServerCounters, where several lanes count.
struct DoorCounters {
  Counter accepted, refused_full, refused_address, refused_handshakes, accept_failures;
  Counter requests, bad_requests, handlers_threw;
  Counter handshake_timeouts, request_timeouts, idle_timeouts, response_timeouts;
  Counter upgrades, origins_refused, handshakes_refused, sessions_refused;
  Counter streams, emulations, emulations_refused;
};

// What a path is for.
enum class Service : std::uint8_t { kRouter, kWebSocket, kHttpStream, kEvents, kEmulation };

// What the lanes of one server share. Kept by every connection, so that it outlives the server.
struct ServerCore {
  explicit ServerCore(ServerOptions server_options);

  const ServerOptions options;
  ConnectionGate gate;
  std::vector<std::string> subprotocols;  // the names in options.protocols
  const std::string node;
  std::vector<http::RequestLimits::BodyBound> body_bounds;  // of the paths of streams
  http::RequestLimits request_limits;                       // with these
  StreamTable streams;
  DoorCounters counters;
};

// What the WebSocket connections of a door share.
class DoorWebSocketLane final : public WebSocketLane {
 public:
  DoorWebSocketLane(Scheduler& scheduler, const WebSocketOptions& options, ConnectionGate& counts)
      : WebSocketLane(scheduler, options), gate(counts) {}

  ConnectionGate& gate;
};

// One lane's part of a server: takes in its connections and lets those go that are still HTTP.
// Belongs to the lane.
class Door : public std::enable_shared_from_this<Door> {
 public:
  Door(std::shared_ptr<ServerCore> core, std::size_t lane);

  // Who handles a connection that was accepted; null if it is refused.
  std::shared_ptr<ByteStreamHandler> accept(ByteStream& stream);
  void accept_failed(int error);

  // Ends HTTP connections as Server::stop says and calls `done`.
  void stop(Task done);

  // A connection that came in by accept() has ended or is HTTP no more.
  void leave(HttpConnection& connection);

  // The present time as the Date header has it.
  std::string_view date();

  std::size_t lane() const { return lane_; }
  Scheduler& scheduler() { return scheduler_; }
  const ServerOptions& options() const { return core_->options; }
  const ServerLimits& limits() const { return core_->options.limits; }
  const http::RequestLimits& request_limits() const { return core_->request_limits; }
  Service service_at(std::string_view path) const;
  const std::shared_ptr<ServerCore>& core() const { return core_; }
  const std::vector<std::string>& subprotocols() const { return core_->subprotocols; }
  DoorCounters& counters() { return core_->counters; }
  // Keeps this object as long as it is kept itself.
  std::shared_ptr<DoorWebSocketLane> websocket() { return {shared_from_this(), &websocket_}; }
  const WebSocketCounters& websocket_counters() const { return websocket_.counters; }
  // The same for streams.
  std::shared_ptr<HttpStreamLane> http_stream() { return {shared_from_this(), &http_stream_}; }
  const HttpStreamCounters& http_stream_counters() const { return http_stream_.counters; }
  bool stopping() const { return stopping_; }

 private:
  void finish_stop();

  const std::shared_ptr<ServerCore> core_;
  const std::size_t lane_;
  Scheduler& scheduler_;
  DoorWebSocketLane websocket_;
  HttpStreamLane http_stream_;
  absl::flat_hash_set<HttpConnection*> connections_;
  std::string date_;
  std::int64_t date_s_ = -1;
  Task stopped_;
  TimerHandle stop_timer_;
  bool stopping_ = false;
};

}  // namespace madang
