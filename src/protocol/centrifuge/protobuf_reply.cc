// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <optional>
#include <string>

#include "protocol/centrifuge/delta.h"
#include "protocol/centrifuge/protobuf_codec.h"
#include "protocol/centrifuge/protobuf_writer.h"
#include "protocol/centrifuge/wire_fields.h"

namespace madang::centrifuge {
namespace {

void write_expiry(std::optional<std::uint32_t> ttl_s, field::Number expires, field::Number ttl,
                  ProtobufMessage& out) {
  if (!ttl_s) return;
  out.yes(expires);
  out.number(ttl, *ttl_s);
}

std::size_t about_joined(const JoinResult& joined) {
  return about_bytes(joined.messages) + joined.data.size();
}

void write_publications(const std::vector<EventRef>& messages, std::string_view epoch,
                        field::Number to, ProtobufMessage& out) {
  for (const auto& message : messages) {
    auto publication = out.message(to, about_bytes(*message));
    write_publication(*message, epoch, publication);
  }
}

// The same for who has agreed to deltas.
void write_deltas(const std::vector<EventRef>& messages, std::string_view epoch, field::Number to,
                  ProtobufMessage& out) {
  for (const auto& message : delta_chain(messages)) {
    const std::string_view patch = patch_of(*message, kPatchOverhead);
    auto publication = out.message(to, patch.empty() ? about_bytes(*message) : patch.size());
    if (patch.empty()) {
      write_publication(*message, epoch, publication);
    } else {
      write_publication_patch(*message, epoch, patch, publication);
    }
  }
}

void write_subscribed(const JoinResult& joined, ProtobufMessage& out) {
  write_expiry(joined.ttl_s, field::kSubscribeExpires, field::kSubscribeTtl, out);
  if (joined.position) {
    out.yes(field::kSubscribeRecoverable);
    out.text(field::kSubscribeEpoch, joined.position->epoch);
  }
  if (joined.recovered) {
    const std::string_view epoch = joined.position ? joined.position->epoch : std::string_view();
    const auto write = joined.delta ? write_deltas : write_publications;
    write(joined.messages, epoch, field::kSubscribePublications, out);
    out.yes(field::kSubscribeRecovered);
  }
  if (joined.position) {
    out.number(field::kSubscribeOffset, joined.position->offset);
    out.yes(field::kSubscribePositioned);
  }
  out.bytes(field::kSubscribeData, joined.data.view());
  if (joined.recovery_tried) out.yes(field::kSubscribeWasRecovering);
  if (joined.delta) out.yes(field::kSubscribeDelta);
}

// Writes the result of one kind of command into its reply.
struct WriteReply {
  ProtobufMessage& out;

  void operator()(const ErrorReply& error) {
    auto result = out.message(field::kReplyError, error.message.size());
    result.number(field::kErrorCode, error.code);
    result.text(field::kErrorMessage, error.message);
    if (error.temporary) result.yes(field::kErrorTemporary);
  }

  void operator()(const ConnectReply& reply) {
    const auto& connected = reply.result;
    auto result = out.message(field::kReplyConnect, connected.data.size());
    result.bytes(field::kConnectClient, connected.client.text());
    result.text(field::kConnectVersion, reply.version);
    write_expiry(connected.ttl_s, field::kConnectExpires, field::kConnectTtl, result);
    result.bytes(field::kConnectData, connected.data.view());
    for (const auto& [room, joined] : connected.rooms) {
      auto entry = result.message(field::kConnectSubs, room.size() + about_joined(joined));
      entry.text(field::kMapKey, room);
      auto subscribed = entry.message(field::kMapValue, about_joined(joined));
      write_subscribed(joined, subscribed);
    }
    if (connected.ping_interval_s != 0) {
      result.number(field::kConnectPing, connected.ping_interval_s);
      result.yes(field::kConnectPong);
    }
    result.text(field::kConnectSession, reply.session);
    result.text(field::kConnectNode, reply.node);
  }

  void operator()(const SubscribeReply& reply) {
    auto result = out.message(field::kReplySubscribe, about_joined(reply.result));
    write_subscribed(reply.result, result);
  }

  void operator()(const UnsubscribeReply&) { out.message(field::kReplyUnsubscribe); }
  void operator()(const PublishReply&) { out.message(field::kReplyPublish); }

  void operator()(const PresenceReply& reply) {
    auto result = out.message(field::kReplyPresence);
    for (const auto& info : reply.clients) {
      auto entry = result.message(field::kPresenceClients, about_bytes(*info));
      entry.bytes(field::kMapKey, info->client.text());
      auto value = entry.message(field::kMapValue, about_bytes(*info));
      write_info(*info, value);
    }
  }

  void operator()(const PresenceStatsReply& reply) {
    auto result = out.message(field::kReplyPresenceStats);
    result.number(field::kStatsClients, reply.stats.sessions);
    result.number(field::kStatsUsers, reply.stats.users);
  }

  void operator()(const HistoryReply& reply) {
    const auto& position = reply.result.position;
    auto result = out.message(field::kReplyHistory, about_bytes(reply.result.messages));
    write_publications(reply.result.messages, position.epoch, field::kHistoryPublications, result);
    result.text(field::kHistoryEpoch, position.epoch);
    result.number(field::kHistoryOffset, position.offset);
  }

  void operator()(const RpcReply& reply) {
    auto result = out.message(field::kReplyRpc, reply.data.size());
    result.bytes(field::kRpcData, reply.data.view());
  }

  void operator()(const RefreshReply& reply) {
    auto result = out.message(field::kReplyRefresh);
    result.text(field::kRefreshClient, reply.client);
    result.text(field::kRefreshVersion, reply.version);
    write_expiry(reply.ttl_s, field::kRefreshExpires, field::kRefreshTtl, result);
  }

  void operator()(const SubRefreshReply& reply) {
    auto result = out.message(field::kReplySubRefresh);
    write_expiry(reply.ttl_s, field::kSubRefreshExpires, field::kSubRefreshTtl, result);
  }
};

}  // namespace

bool ProtobufCodec::write(const CommandReply& reply, std::string& out) const {
  ProtobufMessage message(out);
  message.number(field::kReplyId, reply.id);
  std::visit(WriteReply{message}, reply.body);
  return true;
}

}  // namespace madang::centrifuge
