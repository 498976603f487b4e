// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "madang/engine/protocol.h"
#include "madang/engine/transport.h"
#include "madang/transport/websocket/deflate.h"

namespace madang {

// The framings of WebSocket: a message becomes one unmasked frame. The engine frames a room's
// message once per Framing object, so connections that share one send the same bytes.

// Messages as they are.
class PlainFraming final : public Framing {
 public:
  explicit PlainFraming(MessageKind kind) : kind_(kind) {}

  void frame(std::string_view message, std::string& out) override;

 private:
  const MessageKind kind_;
};

// Messages of `threshold_bytes` and more are compressed, if that makes them shorter; the others go
// as they are. For connections that agreed on permessage-deflate with a window of at least the
// Deflater's.
class DeflateFraming final : public Framing {
 public:
  DeflateFraming(MessageKind kind, const websocket::DeflateOptions& options,
                 std::size_t threshold_bytes)
      : kind_(kind), threshold_bytes_(threshold_bytes), deflater_(options) {}

  void frame(std::string_view message, std::string& out) override;

 private:
  const MessageKind kind_;
  const std::size_t threshold_bytes_;
  websocket::Deflater deflater_;
  std::string compressed_;  // kept from message to message for its memory
};

}  // namespace madang
