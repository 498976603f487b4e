// SPDX-License-Identifier: Apache-2.0
#include <optional>
#include <string>

#include "protocol/centrifuge/delta.h"
#include "protocol/centrifuge/json_codec.h"
#include "protocol/centrifuge/json_writer.h"

namespace madang::centrifuge {
namespace {

void write_expiry(std::optional<std::uint32_t> ttl_s, JsonObject& out) {
  if (!ttl_s) return;
  out.yes("expires");
  out.number("ttl", *ttl_s);
}

bool write_subscribed(const JoinResult& joined, JsonObject& out) {
  write_expiry(joined.ttl_s, out);
  if (joined.position) {
    out.yes("recoverable");
    out.text("epoch", joined.position->epoch);
  }
  if (joined.recovered && !joined.messages.empty()) {
    const std::string_view epoch = joined.position ? joined.position->epoch : std::string_view();
    auto& publications = out.member("publications");
    if (joined.delta) {
      append_json_deltas(delta_chain(joined.messages), epoch, publications);
    } else {
      append_json(joined.messages, epoch, publications);
    }
  }
  if (joined.recovered) out.yes("recovered");
  if (joined.position && joined.position->offset != 0)
    out.number("offset", joined.position->offset);
  if (joined.position) out.yes("positioned");
  if (joined.recovery_tried) out.yes("was_recovering");
  if (joined.delta) out.yes("delta");
  return write_host_payload("data", joined.data, out);
}

// Writes the result of one kind of command as the last member of its reply. False if it would carry
// a payload that is not JSON.
struct WriteReply {
  JsonObject& out;

  bool operator()(const ErrorReply& error) {
    auto result = out.object("error");
    result.number("code", error.code);
    result.text("message", error.message);
    if (error.temporary) result.yes("temporary");
    return true;
  }

  bool operator()(const ConnectReply& reply) {
    const auto& connected = reply.result;
    auto result = out.object("connect");
    result.text("client", connected.client.text());
    if (!reply.version.empty()) result.text("version", reply.version);
    write_expiry(connected.ttl_s, result);
    if (connected.ping_interval_s != 0) {
      result.number("ping", connected.ping_interval_s);
      result.yes("pong");
    }
    if (!reply.session.empty()) result.text("session", reply.session);
    if (!reply.node.empty()) result.text("node", reply.node);
    if (!connected.rooms.empty()) {
      auto rooms = result.object("subs");
      for (const auto& [room, joined] : connected.rooms) {
        JsonObject subscribed(rooms.entry(room));
        if (!write_subscribed(joined, subscribed)) return false;
      }
    }
    return write_host_payload("data", connected.data, result);
  }

  bool operator()(const SubscribeReply& reply) {
    auto result = out.object("subscribe");
    return write_subscribed(reply.result, result);
  }

  bool operator()(const UnsubscribeReply&) { return out.json("unsubscribe", "{}"), true; }
  bool operator()(const PublishReply&) { return out.json("publish", "{}"), true; }

  bool operator()(const PresenceReply& reply) {
    auto result = out.object("presence");
    auto clients = result.object("presence");
    for (const auto& info : reply.clients) {
      append_json(*info, clients.entry(info->client.text()));
    }
    return true;
  }

  bool operator()(const PresenceStatsReply& reply) {
    auto result = out.object("presence_stats");
    result.number("num_clients", reply.stats.sessions);
    result.number("num_users", reply.stats.users);
    return true;
  }

  bool operator()(const HistoryReply& reply) {
    const auto& position = reply.result.position;
    auto result = out.object("history");
    append_json(reply.result.messages, position.epoch, result.member("publications"));
    result.text("epoch", position.epoch);
    result.number("offset", position.offset);
    return true;
  }

  bool operator()(const RpcReply& reply) {
    auto result = out.object("rpc");
    return write_host_payload("data", reply.data, result);
  }

  bool operator()(const RefreshReply& reply) {
    auto result = out.object("refresh");
    result.text("client", reply.client);
    if (!reply.version.empty()) result.text("version", reply.version);
    write_expiry(reply.ttl_s, result);
    return true;
  }

  bool operator()(const SubRefreshReply& reply) {
    auto result = out.object("sub_refresh");
    write_expiry(reply.ttl_s, result);
    return true;
  }
};

}  // namespace

bool JsonCodec::write(const CommandReply& reply, std::string& out) const {
  JsonObject message(out);
  message.number("id", reply.id);
  return std::visit(WriteReply{message}, reply.body);
}

}  // namespace madang::centrifuge
