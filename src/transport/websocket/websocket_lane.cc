// SPDX-License-Identifier: Apache-2.0
#include "madang/transport/websocket/websocket_lane.h"

#include <algorithm>

#include "madang/transport/websocket/close_code.h"
#include "madang/transport/websocket/websocket_framing.h"

namespace madang {

Framing& WebSocketLane::plain_framing(MessageKind kind) {
  auto& framing = framings(kind)[0];
  if (!framing) framing = std::make_unique<PlainFraming>(kind);
  return *framing;
}

Framing& WebSocketLane::deflate_framing(MessageKind kind, int window_bits) {
  websocket::DeflateOptions deflate = options_.deflate;
  deflate.window_bits =
      std::clamp(std::min(window_bits, deflate.window_bits), kWindowBitsMin, kWindowBitsMax);
  auto& framing =
      framings(kind)[static_cast<std::size_t>(deflate.window_bits - kWindowBitsMin + 1)];
  if (!framing) {
    framing = std::make_unique<DeflateFraming>(kind, deflate, options_.deflate_threshold_bytes);
  }
  return *framing;
}

websocket::Event WebSocketLane::inflate(const websocket::Event& message) {
  if (!inflater_) inflater_ = std::make_unique<websocket::Inflater>();
  const websocket::InflateLimits limits{.message_bytes_max = options_.message_bytes_max};
  return websocket::inflate_message(message, limits, *inflater_, &inflated_);
}

void WebSocketLane::count_error(std::uint16_t close_code) {
  switch (close_code) {
    case websocket::kCloseInvalidPayload:
      return counters.invalid_payloads.add();
    case websocket::kClosePolicyViolation:
      return counters.policy_violations.add();
    case websocket::kCloseMessageTooBig:
      return counters.messages_too_big.add();
    default:
      return counters.protocol_errors.add();
  }
}

}  // namespace madang
