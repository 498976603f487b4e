// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "madang/engine/protocol.h"

namespace madang::centrifuge {

// Room events as pushes of the Centrifuge client protocol in JSON, without a line break in or after
// them. The bytes are valid UTF-8 whatever a room or a user is called.
//
// Payloads are embedded as they are: they are JSON in one line, as the engine has checked. So are
// infos; one that is not JSON, as a client of another format may have it, is left out. Stateless;
// any thread.
class JsonEncoder final : public Encoder {
 public:
  void encode(std::string_view room, std::string_view epoch, const Event& event,
              std::string& out) const override;
};

// The same for members that have agreed to deltas: the data of a message is a JSON string, which
// holds its JSON text, or, flagged as "delta", the patch that makes that out of Event::before. The
// patch where there is one and the push is smaller with it.
class JsonDeltaEncoder final : public Encoder {
 public:
  void encode(std::string_view room, std::string_view epoch, const Event& event,
              std::string& out) const override;
};

}  // namespace madang::centrifuge
