// SPDX-License-Identifier: Apache-2.0
#include "door.h"

#include <fmt/format.h>

#include <system_error>
#include <utility>

#include "http_connection.h"
#include "madang/base/random.h"
#include "madang/http/response.h"

namespace madang {

namespace {

// Short enough to lie in the string itself, because each stream tells it.
std::string random_node_name() {
  constexpr std::uint64_t kBits = 48;
  SystemRandom random;
  return fmt::format("{:012x}", random.next() >> (64 - kBits));
}

}  // namespace

ServerCore::ServerCore(ServerOptions server_options)
    : options(std::move(server_options)),
      gate({.connections_max = options.limits.connections_max,
            .per_address_max = options.limits.connections_per_address_max,
            .handshakes_max = options.limits.handshakes_max}),
      node(options.node.empty() ? random_node_name() : options.node),
      request_limits(options.limits.request) {
  for (const WebSocketProtocol& protocol : options.protocols) {
    if (!protocol.subprotocol.empty()) subprotocols.push_back(protocol.subprotocol);
  }
  if (options.stream_protocols.empty()) return;
  for (const std::string* path :
       {&options.http_stream_path, &options.sse_path, &options.emulation_path}) {
    if (!path->empty()) body_bounds.push_back({*path, options.limits.stream_body_bytes_max});
  }
  request_limits.body_bounds = body_bounds;
}

Door::Door(std::shared_ptr<ServerCore> core, std::size_t lane)
    : core_(std::move(core)),
      lane_(lane),
      scheduler_(core_->options.lanes->scheduler(lane)),
      websocket_(scheduler_, core_->options.websocket, core_->gate),
      http_stream_(scheduler_, core_->options.http_stream, core_->node) {}

// A path begins with a slash, so an empty one is nobody's.
Service Door::service_at(std::string_view path) const {
  const ServerOptions& options = core_->options;
  if (path == options.websocket_path) return Service::kWebSocket;
  if (options.stream_protocols.empty()) return Service::kRouter;
  if (path == options.emulation_path) return Service::kEmulation;
  if (path == options.http_stream_path) return Service::kHttpStream;
  if (path == options.sse_path) return Service::kEvents;
  return Service::kRouter;
}

std::shared_ptr<ByteStreamHandler> Door::accept(ByteStream& stream) {
  counters().accepted.add();
  auto refusal = ConnectionGate::Refusal::kNone;
  auto ticket = core_->gate.enter(stream.peer_address(), refusal);
  switch (refusal) {
    case ConnectionGate::Refusal::kNone:
      break;
    case ConnectionGate::Refusal::kFull:
      counters().refused_full.add();
      return nullptr;
    case ConnectionGate::Refusal::kAddress:
      counters().refused_address.add();
      return nullptr;
    case ConnectionGate::Refusal::kHandshakes:
      counters().refused_handshakes.add();
      return nullptr;
  }
  auto connection = std::make_shared<HttpConnection>(shared_from_this(), stream, std::move(ticket));
  connections_.insert(connection.get());
  connection->start();
  return connection;
}

void Door::accept_failed(int error) {
  counters().accept_failures.add();
  if (options().log == nullptr) return;
  options().log->write(LogLevel::kError, "accept_failed",
                       fmt::format("lane {} accepts nothing for a moment: {}", lane_,
                                   std::generic_category().message(error)));
}

void Door::stop(Task done) {
  stopping_ = true;
  stopped_ = std::move(done);
  // A connection that ends takes itself out of the set.
  const std::vector<HttpConnection*> connections(connections_.begin(), connections_.end());
  for (HttpConnection* connection : connections) {
    connection->stop();
  }
  if (connections_.empty()) return finish_stop();
  stop_timer_ =
      scheduler_.call_at(scheduler_.now() + limits().stop_timeout, [self = shared_from_this()] {
        const std::vector<HttpConnection*> late(self->connections_.begin(),
                                                self->connections_.end());
        for (HttpConnection* connection : late) {
          connection->abort();
        }
      });
}

void Door::leave(HttpConnection& connection) {
  connections_.erase(&connection);
  if (stopping_ && connections_.empty()) finish_stop();
}

void Door::finish_stop() {
  if (!stopped_) return;
  scheduler_.cancel(stop_timer_);
  scheduler_.post(std::exchange(stopped_, nullptr));
}

std::string_view Door::date() {
  const std::int64_t now_s =
      std::chrono::floor<std::chrono::seconds>(scheduler_.wall_now()).time_since_epoch().count();
  if (now_s != date_s_) {
    date_s_ = now_s;
    date_ = http::format_date(now_s);
  }
  return date_;
}

}  // namespace madang
