// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "frames.h"
#include "madang/testing/manual_scheduler.h"
#include "madang/transport/websocket/websocket_transport.h"
#include "memory_stream.h"
#include "recording_connection.h"

namespace madang {

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

  void start(std::string bytes = {}) {
    transport->start(connection, {.bytes = {bytes.data(), bytes.size()}});
  }
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
