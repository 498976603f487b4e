// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "madang/engine/protocol.h"

namespace madang::centrifuge {

// Room events as pushes of the Centrifuge client protocol in Protobuf, each behind its length as a
// varint, so that messages may follow each other in one frame. Names in them are valid UTF-8
// whatever a room or a user is called: Protobuf readers refuse what is not.
//
// Payloads and infos go as they are, any bytes. Stateless; any thread.
class ProtobufEncoder final : public Encoder {
 public:
  void encode(std::string_view room, std::string_view epoch, const Event& event,
              std::string& out) const override;
};

// The same for members that asked for deltas: a message whose predecessor is known (Event::before)
// goes as a Fossil patch from that, where it is smaller and neither is above 1 MiB.
class ProtobufDeltaEncoder final : public Encoder {
 public:
  void encode(std::string_view room, std::string_view epoch, const Event& event,
              std::string& out) const override;
};

}  // namespace madang::centrifuge
