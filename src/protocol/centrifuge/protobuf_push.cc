// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "protocol/centrifuge/protobuf_codec.h"
#include "protocol/centrifuge/protobuf_writer.h"
#include "protocol/centrifuge/wire_fields.h"

namespace madang::centrifuge {
namespace {

// Writes what is inside of a push.
struct WritePush {
  ProtobufMessage& out;

  void operator()(const MessagePush& push) {
    auto message = out.message(field::kPushMessage, push.data.size());
    message.bytes(field::kPushMessageData, push.data.view());
  }

  void operator()(const SubscribePush& push) {
    out.text(field::kPushChannel, push.room);
    auto subscribe = out.message(field::kPushSubscribe, push.data.size());
    if (push.position) {
      subscribe.yes(field::kPushSubscribeRecoverable);
      subscribe.text(field::kPushSubscribeEpoch, push.position->epoch);
      subscribe.number(field::kPushSubscribeOffset, push.position->offset);
      subscribe.yes(field::kPushSubscribePositioned);
    }
    subscribe.bytes(field::kPushSubscribeData, push.data.view());
  }

  void operator()(const UnsubscribePush& push) {
    out.text(field::kPushChannel, push.room);
    auto unsubscribe = out.message(field::kPushUnsubscribe);
    unsubscribe.number(field::kPushUnsubscribeCode, push.reason.code);
    unsubscribe.text(field::kPushUnsubscribeReason, push.reason.text);
  }

  void operator()(const RefreshPush& push) {
    auto refresh = out.message(field::kPushRefresh);
    refresh.yes(field::kPushRefreshExpires);
    refresh.number(field::kPushRefreshTtl, push.ttl_s);
  }

  void operator()(const DisconnectPush& push) {
    auto disconnect = out.message(field::kPushDisconnect);
    disconnect.number(field::kPushDisconnectCode, push.reason.code);
    disconnect.text(field::kPushDisconnectReason, push.reason.text);
    if (push.reason.may_reconnect()) disconnect.yes(field::kPushDisconnectReconnect);
  }

  void operator()(const PingPush&) {}
};

}  // namespace

bool ProtobufCodec::write(const Push& push, std::string& out) const {
  const auto* host_message = std::get_if<MessagePush>(&push);
  const std::size_t about = host_message == nullptr ? 0 : host_message->data.size();
  ProtobufMessage message(out, about);
  // An empty reply is a ping.
  if (std::holds_alternative<PingPush>(push)) return true;
  auto body = message.message(field::kReplyPush, about);
  std::visit(WritePush{body}, push);
  return true;
}

}  // namespace madang::centrifuge
