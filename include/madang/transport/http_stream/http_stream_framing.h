// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "madang/engine/protocol.h"

namespace madang {

// How the body of a response that does not end tells one message from the next.
enum class StreamFormat : std::uint8_t {
  kLines,   // text: each message and a line feed
  kEvents,  // text: each message is an event of an event stream (text/event-stream)
  kBytes,   // binary: messages as they are, which tell their lengths themselves
};

// A message becomes one chunk of a body that comes in chunks (RFC 9112, 7.1), so that the engine
// frames a room's message once and any number of streams send the same bytes.
//
// An empty message becomes nothing in kBytes, since an empty chunk would end the body.
class HttpStreamFraming final : public Framing {
 public:
  explicit HttpStreamFraming(StreamFormat format) : format_(format) {}

  void frame(std::string_view message, std::string& out) override;

 private:
  const StreamFormat format_;
};

}  // namespace madang
