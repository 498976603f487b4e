// SPDX-License-Identifier: Apache-2.0
#include "protocol/centrifuge/protobuf_request.h"

#include <utility>

#include "protocol/centrifuge/protobuf_wire.h"
#include "protocol/centrifuge/request_rules.h"
#include "protocol/centrifuge/utf8.h"

namespace madang::centrifuge {
namespace {

bool only(const std::string& skipped, FieldSet known) {
  return skipped.empty() || !has_any(skipped, known);
}

bool is_strict(const wire::SubscribeRequest& request) {
  return only(request.unknown_fields(), FieldSet(1, 2, 3, 6, 7, 8, 11, 12, 13, 15));
}

bool is_strict(const wire::ConnectRequest& request) {
  if (!only(request.unknown_fields(), FieldSet(1, 2, 3, 4, 5))) return false;
  for (const auto& [room, position] : request.subs()) {
    if (!is_strict(position)) return false;
  }
  return true;
}

bool is_strict(const wire::HistoryRequest& request) {
  return only(request.unknown_fields(), FieldSet(1, 7, 8, 9)) &&
         only(request.since().unknown_fields(), FieldSet(1, 2));
}

bool take_text(std::string* from, std::string& to) {
  to = std::move(*from);
  return is_utf8(to);
}

template <typename Position>
bool take_position(Position& from, StreamPosition& to) {
  to.offset = from.offset();
  return take_text(from.mutable_epoch(), to.epoch);
}

bool take(wire::ConnectRequest& from, CommandBody& body) {
  auto& command = body.emplace<ConnectCommand>();
  auto& request = command.request;
  request.data = Payload(from.data());
  for (auto& [room, subscription] : *from.mutable_subs()) {
    StreamPosition position;
    if (!is_utf8(room) || !take_position(subscription, position)) return false;
    if (subscription.recover()) command.since.emplace(room, std::move(position));
  }
  return take_text(from.mutable_token(), request.token) &&
         take_text(from.mutable_name(), request.client_name) &&
         take_text(from.mutable_version(), request.client_version);
}

bool take(wire::SubscribeRequest& from, CommandBody& body) {
  auto& command = body.emplace<SubscribeCommand>();
  auto& request = command.join.request;
  StreamPosition since;
  if (!take_text(from.mutable_channel(), request.room) ||
      !take_text(from.mutable_token(), request.token) ||
      !take_text(from.mutable_delta(), command.delta) || !take_position(from, since)) {
    return false;
  }
  request.data = Payload(from.data());
  request.recovers = from.recover();
  if (from.recover()) command.join.since = std::move(since);
  command.join.announcements = from.join_leave();
  command.not_offered = from.has_tf() || from.type() != kStreamType;
  return true;
}

bool take(wire::PublishRequest& from, CommandBody& body) {
  auto& command = body.emplace<PublishCommand>();
  command.publish.data = Payload(from.data());
  command.not_offered = publishes_by_key(from.type(), from.key(), from.removed());
  return take_text(from.mutable_channel(), command.publish.room) && is_utf8(from.key());
}

bool take(wire::HistoryRequest& from, CommandBody& body) {
  auto& command = body.emplace<HistoryCommand>();
  command.query.limit = messages_wanted(from.limit());
  command.query.reverse = from.reverse();
  return take_text(from.mutable_channel(), command.room) &&
         (!from.has_since() || take_position(*from.mutable_since(), command.query.since.emplace()));
}

bool take(wire::RpcRequest& from, CommandBody& body) {
  auto& rpc = body.emplace<RpcCommand>().rpc;
  rpc.data = Payload(from.data());
  return take_text(from.mutable_method(), rpc.method);
}

bool take(wire::SubRefreshRequest& from, CommandBody& body) {
  auto& command = body.emplace<SubRefreshCommand>();
  command.not_offered =
      from.type() != kStreamType || from.track_size() != 0 || from.untrack_size() != 0;
  return take_text(from.mutable_channel(), command.room) &&
         take_text(from.mutable_token(), command.token);
}

bool take(wire::RefreshRequest& from, CommandBody& body) {
  return take_text(from.mutable_token(), body.emplace<RefreshCommand>().token);
}

bool take(wire::SendRequest& from, CommandBody& body) {
  body.emplace<SendCommand>().data = Payload(from.data());
  return true;
}

template <typename RoomCommand>
bool take_room(wire::RoomRequest& from, CommandBody& body) {
  return take_text(from.mutable_channel(), body.emplace<RoomCommand>().room);
}

}  // namespace

bool is_strict(const wire::Command& command) {
  const FieldSet requests(1, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  return only(command.unknown_fields(), requests) && is_strict(command.connect()) &&
         is_strict(command.subscribe()) &&
         only(command.unsubscribe().unknown_fields(), FieldSet(1)) &&
         only(command.publish().unknown_fields(), FieldSet(1, 2, 3, 4, 5)) &&
         only(command.presence().unknown_fields(), FieldSet(1)) &&
         only(command.presence_stats().unknown_fields(), FieldSet(1)) &&
         is_strict(command.history()) && only(command.send().unknown_fields(), FieldSet(1)) &&
         only(command.rpc().unknown_fields(), FieldSet(1, 2)) &&
         only(command.refresh().unknown_fields(), FieldSet(1)) &&
         only(command.sub_refresh().unknown_fields(), FieldSet(1, 2, 3, 4, 5));
}

bool read_request(wire::Command& wire, CommandBody& body) {
  if (wire.has_connect()) return take(*wire.mutable_connect(), body);
  if (wire.has_subscribe()) return take(*wire.mutable_subscribe(), body);
  if (wire.has_unsubscribe())
    return take_room<UnsubscribeCommand>(*wire.mutable_unsubscribe(), body);
  if (wire.has_publish()) return take(*wire.mutable_publish(), body);
  if (wire.has_presence()) return take_room<PresenceCommand>(*wire.mutable_presence(), body);
  if (wire.has_presence_stats()) {
    return take_room<PresenceStatsCommand>(*wire.mutable_presence_stats(), body);
  }
  if (wire.has_history()) return take(*wire.mutable_history(), body);
  if (wire.has_ping()) return body.emplace<PingCommand>(), true;
  if (wire.has_send()) return take(*wire.mutable_send(), body);
  if (wire.has_rpc()) return take(*wire.mutable_rpc(), body);
  if (wire.has_refresh()) return take(*wire.mutable_refresh(), body);
  if (wire.has_sub_refresh()) return take(*wire.mutable_sub_refresh(), body);
  return false;
}

}  // namespace madang::centrifuge
