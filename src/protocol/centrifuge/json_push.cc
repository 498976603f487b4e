// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "protocol/centrifuge/json_codec.h"
#include "protocol/centrifuge/json_writer.h"

namespace madang::centrifuge {
namespace {

// Writes what is inside of a push. False if it would carry a payload that is not JSON.
struct WritePush {
  JsonObject& out;

  bool operator()(const MessagePush& push) {
    auto message = out.object("message");
    return write_host_payload("data", push.data, message);
  }

  bool operator()(const SubscribePush& push) {
    out.text("channel", push.room);
    auto subscribe = out.object("subscribe");
    if (push.position) {
      subscribe.yes("recoverable");
      subscribe.text("epoch", push.position->epoch);
      if (push.position->offset != 0) subscribe.number("offset", push.position->offset);
      subscribe.yes("positioned");
    }
    return write_host_payload("data", push.data, subscribe);
  }

  bool operator()(const UnsubscribePush& push) {
    out.text("channel", push.room);
    auto unsubscribe = out.object("unsubscribe");
    unsubscribe.number("code", push.reason.code);
    unsubscribe.text("reason", push.reason.text);
    return true;
  }

  bool operator()(const RefreshPush& push) {
    auto refresh = out.object("refresh");
    refresh.yes("expires");
    refresh.number("ttl", push.ttl_s);
    return true;
  }

  bool operator()(const DisconnectPush& push) {
    auto disconnect = out.object("disconnect");
    disconnect.number("code", push.reason.code);
    disconnect.text("reason", push.reason.text);
    if (push.reason.may_reconnect()) disconnect.yes("reconnect");
    return true;
  }

  bool operator()(const PingPush&) { return true; }
};

}  // namespace

bool JsonCodec::write(const Push& push, std::string& out) const {
  JsonObject message(out);
  // An empty reply is a ping.
  if (std::holds_alternative<PingPush>(push)) return true;
  auto body = message.object("push");
  return std::visit(WritePush{body}, push);
}

}  // namespace madang::centrifuge
