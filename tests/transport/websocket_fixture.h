// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "frames.h"
#include "madang/engine/transport.h"
#include "madang/testing/manual_scheduler.h"
#include "madang/transport/websocket/websocket_transport.h"
#include "memory_stream.h"

namespace madang {

// The engine's end: notes what it is told, and does what the test says.
class RecordingConnection final : public Connection {
 public:
  void received(std::string_view message, MessageKind kind) override {
    messages.emplace_back(message);
    kinds.push_back(kind);
    if (on_message) on_message();
  }
  void written(std::size_t bytes, bool done) override {
    written_bytes += bytes;
    written_done += done ? 1 : 0;
    if (on_written) on_written(done);
  }
  void closed(const CloseReason& reason) override {
    ++closings;
    closed_with = reason;
  }

  std::vector<std::string> messages;
  std::vector<MessageKind> kinds;
  std::size_t written_bytes = 0;
  int written_done = 0;
  int closings = 0;
  std::optional<CloseReason> closed_with;
  std::function<void()> on_message;
  std::function<void(bool)> on_written;
};

// A transport between a RecordingConnection and a MemoryStream, on virtual time.
struct WebSocketFixture {
  explicit WebSocketFixture(WebSocketOptions options = {}, bool compression = false,
                            std::string_view response = {})
      : lane(std::make_shared<WebSocketLane>(scheduler, options)),
        transport(std::make_shared<WebSocketTransport>(
            lane, stream,
            WebSocketTransport::Setup{.origin = "http://example.org",
                                      .path = "/",
                                      .compression = compression,
                                      .response = Payload(response)})) {
    stream.set_handler(transport);
  }

  void start(std::string bytes = {}) { transport->start(connection, {bytes.data(), bytes.size()}); }
  WriteResult write(std::string_view bytes) {
    const Payload payload(bytes);
    return transport->write({&payload, 1});
  }

  ManualClock clock;
  ManualScheduler scheduler{clock};
  MemoryStream stream;
  RecordingConnection connection;
  std::shared_ptr<WebSocketLane> lane;
  std::shared_ptr<WebSocketTransport> transport;
};

}  // namespace madang
