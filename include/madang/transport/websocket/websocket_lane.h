// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "madang/base/counters.h"
#include "madang/base/scheduler.h"
#include "madang/base/time.h"
#include "madang/engine/protocol.h"
#include "madang/engine/transport.h"
#include "madang/transport/lane_sites.h"
#include "madang/transport/websocket/deflate.h"
#include "madang/transport/websocket/message_reader.h"

namespace madang {

// The bounds of every WebSocket connection, and how it compresses.
struct WebSocketOptions {
  // Of one message, as it comes and inflated. Over it: closed with 1009.
  std::size_t message_bytes_max = 64 * 1024;

  // From a message's first byte to its last. Longer: closed with 1008.
  Duration message_timeout = std::chrono::seconds(30);
  // From our close frame to the peer's, or to the end of the stream. Longer: the connection is cut.
  Duration close_timeout = std::chrono::seconds(5);

  // Pings and pongs a peer may send at once, and how many more each second. Over it: 1008.
  std::uint32_t control_burst = 64;
  std::uint32_t control_per_second = 16;

  // What to compress with where the peer agreed to it, and from which length on. Compression tells
  // who can watch the network how alike messages are: do not put secrets beside text of others.
  websocket::DeflateOptions deflate = {};
  std::size_t deflate_threshold_bytes = 512;
};

// How connections of a lane were ended for what their peers sent. Written on the lane, read
// anywhere.
struct WebSocketCounters {
  LaneCounter protocol_errors;    // 1002
  LaneCounter invalid_payloads;   // 1007
  LaneCounter policy_violations;  // 1008: fragments
  LaneCounter control_floods;     // 1008: pings and pongs
  LaneCounter slow_messages;      // 1008: a message that does not end
  LaneCounter messages_too_big;   // 1009
  LaneCounter close_timeouts;     // the peer did not answer a close frame
};

// What the WebSocket connections of one lane share: options, counters, and the memory that
// compression takes, which is made when a connection first needs it and is at most one Inflater and
// two Deflaters for each size of window.
//
// Belongs to its lane, but for `counters`.
class WebSocketLane {
 public:
  // `scheduler` outlives this object.
  WebSocketLane(Scheduler& scheduler, const WebSocketOptions& options)
      : scheduler_(scheduler),
        options_(options),
        reader_limits_{.message_bytes_max = options.message_bytes_max} {}
  WebSocketLane(const WebSocketLane&) = delete;
  WebSocketLane& operator=(const WebSocketLane&) = delete;

  // Shared by all connections of the same kind; as long as this object.
  Framing& plain_framing(MessageKind kind);
  // The same with compression. `window_bits` is what the peer agreed to, 9 to 15.
  Framing& deflate_framing(MessageKind kind, int window_bits);

  // Where a page says that it comes from, and what it asked for: the same for most connections.
  struct Page {
    std::string origin;
    std::string path;
    bool operator==(const Page&) const = default;
  };
  using Sites = LaneSites<WebSocketLane, Page>;
  Sites& sites() { return sites_; }

  // Completes a compressed message. What it returns lives until the next call.
  websocket::Event inflate(const websocket::Event& message);

  // Counts that a connection is ended with this code because of an error of the peer.
  void count_error(std::uint16_t close_code);

  Scheduler& scheduler() { return scheduler_; }
  const WebSocketOptions& options() const { return options_; }
  const websocket::ReaderLimits& reader_limits() const { return reader_limits_; }

  WebSocketCounters counters;

 private:
  static constexpr int kWindowBitsMin = 9;
  static constexpr int kWindowBitsMax = 15;
  using Framings = std::array<std::unique_ptr<Framing>, kWindowBitsMax - kWindowBitsMin + 2>;

  // A place for each window, and one for no compression.
  Framings& framings(MessageKind kind) { return kind == MessageKind::kText ? text_ : binary_; }

  Scheduler& scheduler_;
  const WebSocketOptions options_;
  const websocket::ReaderLimits reader_limits_;
  Framings text_;
  Framings binary_;
  std::unique_ptr<websocket::Inflater> inflater_;
  std::string inflated_;
  Sites sites_;
};

}  // namespace madang
