// SPDX-License-Identifier: Apache-2.0
#include "madang/doors/server.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "door.h"
#include "madang/transport/lanes.h"
#include "madang/transport/websocket/handshake.h"

namespace madang {

namespace {

constexpr std::size_t kNodeNameBytesMax = 64;

absl::Status check_streams(const ServerOptions& options) {
  std::size_t text = 0;
  for (const StreamProtocol& protocol : options.stream_protocols) {
    if (!protocol.make) return absl::InvalidArgumentError("a protocol lacks its `make`");
    text += protocol.kind == MessageKind::kText ? 1 : 0;
  }
  if (text > 1 || options.stream_protocols.size() - text > 1) {
    return absl::InvalidArgumentError("two stream protocols of one kind");
  }
  if (!options.stream_protocols.empty() && options.emulation_path.empty()) {
    return absl::InvalidArgumentError("streams need an emulation_path");
  }
  const auto visible = [](char c) { return c > ' ' && c < '\x7f'; };
  if (options.node.size() > kNodeNameBytesMax || !std::ranges::all_of(options.node, visible)) {
    return absl::InvalidArgumentError("the node's name is not one");
  }
  return absl::OkStatus();
}

absl::Status check(const ServerOptions& options) {
  if (options.engine == nullptr || options.lanes == nullptr) {
    return absl::InvalidArgumentError("a server needs an engine and lanes");
  }
  if (options.engine->lanes() != options.lanes->size()) {
    return absl::InvalidArgumentError("the engine has other lanes than the server");
  }
  for (std::size_t i = 0; i < options.lanes->size(); ++i) {
    if (&options.engine->scheduler(i) != &options.lanes->scheduler(i)) {
      return absl::InvalidArgumentError("the engine has other lanes than the server");
    }
  }
  for (const WebSocketProtocol& protocol : options.protocols) {
    if (!protocol.make) return absl::InvalidArgumentError("a protocol lacks its `make`");
  }
  return check_streams(options);
}

// Listeners that share a port also share it with another process of the same user, which would
// silently take half of the clients. So the port is first asked for alone.
absl::StatusOr<std::uint16_t> claim_port(const ServerOptions& options) {
  auto alone = options.lanes->listen(0, {.address = options.address, .port = options.port}, nullptr,
                                     nullptr);
  if (!alone.ok()) return alone.status();
  return (*alone)->port();
}

class LaneServer final : public Server {
 public:
  explicit LaneServer(std::shared_ptr<ServerCore> core) : core_(std::move(core)) {}

  absl::Status listen() {
    const ServerOptions& options = core_->options;
    const auto port = claim_port(options);
    if (!port.ok()) return port.status();
    port_ = *port;
    for (std::size_t lane = 0; lane < options.lanes->size(); ++lane) {
      auto door = std::make_shared<Door>(core_, lane);
      auto listener = options.lanes->listen(
          lane, {.address = options.address, .port = port_, .shared = true},
          [door](ByteStream& stream) { return door->accept(stream); },
          [door](int error) { door->accept_failed(error); });
      if (!listener.ok()) return listener.status();
      lanes_.push_back({std::move(door), std::shared_ptr<TcpListener>(*std::move(listener))});
    }
    for (const Lane& lane : lanes_) {
      lane.door->scheduler().post([listener = lane.listener] { listener->start(); });
    }
    return absl::OkStatus();
  }

  std::uint16_t port() const override { return port_; }

  void stop(Task done) override {
    struct Stop {
      std::atomic<std::size_t> lanes_left;
      Task done;
    };
    const auto stop = std::make_shared<Stop>();
    stop->lanes_left = lanes_.size();
    stop->done = std::move(done);
    for (const Lane& lane : lanes_) {
      lane.door->scheduler().post([lane, stop] {
        lane.listener->close();
        lane.door->stop([stop] {
          if (--stop->lanes_left == 0) stop->done();
        });
      });
    }
  }

  bool wait_until_closed(Duration timeout) override {
    return core_->gate.wait_until_empty(timeout);
  }

  ServerCounters counters() const override {
    const DoorCounters& from = core_->counters;
    ServerCounters to{
        .connections = core_->gate.connections(),
        .handshakes = core_->gate.handshakes(),
        .accepted = from.accepted.value(),
        .refused_full = from.refused_full.value(),
        .refused_address = from.refused_address.value(),
        .refused_handshakes = from.refused_handshakes.value(),
        .accept_failures = from.accept_failures.value(),
        .requests = from.requests.value(),
        .bad_requests = from.bad_requests.value(),
        .handshake_timeouts = from.handshake_timeouts.value(),
        .request_timeouts = from.request_timeouts.value(),
        .idle_timeouts = from.idle_timeouts.value(),
        .response_timeouts = from.response_timeouts.value(),
        .handlers_threw = from.handlers_threw.value(),
        .upgrades = from.upgrades.value(),
        .origins_refused = from.origins_refused.value(),
        .handshakes_refused = from.handshakes_refused.value(),
        .sessions_refused = from.sessions_refused.value(),
        .streams = from.streams.value(),
        .emulations = from.emulations.value(),
        .emulations_refused = from.emulations_refused.value(),
    };
    for (const Lane& lane : lanes_) {
      const WebSocketCounters& ws = lane.door->websocket_counters();
      to.ws_protocol_errors += ws.protocol_errors.value();
      to.ws_invalid_payloads += ws.invalid_payloads.value();
      to.ws_policy_violations += ws.policy_violations.value();
      to.ws_control_floods += ws.control_floods.value();
      to.ws_slow_messages += ws.slow_messages.value();
      to.ws_messages_too_big += ws.messages_too_big.value();
      to.ws_close_timeouts += ws.close_timeouts.value();
      const HttpStreamCounters& streams = lane.door->http_stream_counters();
      to.stream_unexpected_bytes += streams.unexpected_bytes.value();
      to.stream_close_timeouts += streams.close_timeouts.value();
    }
    return to;
  }

 private:
  struct Lane {
    std::shared_ptr<Door> door;
    std::shared_ptr<TcpListener> listener;
  };

  const std::shared_ptr<ServerCore> core_;
  std::vector<Lane> lanes_;
  std::uint16_t port_ = 0;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::start(ServerOptions options) {
  absl::Status status = check(options);
  if (!status.ok()) return status;
  try {
    websocket::accept_key({});  // so that no client waits for what the first one takes
  } catch (const std::exception& error) {
    return absl::UnavailableError(error.what());
  }
  auto server = std::make_unique<LaneServer>(std::make_shared<ServerCore>(std::move(options)));
  status = server->listen();
  if (!status.ok()) return status;
  return server;
}

}  // namespace madang
