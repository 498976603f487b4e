// SPDX-License-Identifier: Apache-2.0
#include "madang/protocol/centrifuge/json_encoder.h"

#include "protocol/centrifuge/json_writer.h"

namespace madang::centrifuge {

namespace {

using AppendMessage = void(const Event& message, std::string_view epoch, std::string& out);

void append_push(std::string_view room, std::string_view epoch, const Event& event,
                 AppendMessage* append_message, std::string& out) {
  JsonObject message(out);
  auto push = message.object("push");
  push.text("channel", room);
  switch (event.kind) {
    case EventKind::kMessage:
      return append_message(event, epoch, push.member("pub"));
    case EventKind::kJoin: {
      auto join = push.object("join");
      return append_json(*event.info, join.member("info"));
    }
    case EventKind::kLeave: {
      auto leave = push.object("leave");
      return append_json(*event.info, leave.member("info"));
    }
  }
}

}  // namespace

void JsonEncoder::encode(std::string_view room, std::string_view epoch, const Event& event,
                         std::string& out) const {
  append_push(room, epoch, event, append_json, out);
}

void JsonDeltaEncoder::encode(std::string_view room, std::string_view epoch, const Event& event,
                              std::string& out) const {
  append_push(room, epoch, event, append_json_delta, out);
}

}  // namespace madang::centrifuge
