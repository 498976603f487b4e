// SPDX-License-Identifier: Apache-2.0
#include "protocol/centrifuge/json_request.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "protocol/centrifuge/request_rules.h"

namespace madang::centrifuge {
namespace {

// Where a client stands in a room, if it asks for what it missed since.
bool read_position(const JsonValue& value, std::optional<StreamPosition>& to) {
  bool recover = false;
  StreamPosition position;
  const JsonField fields[] = {
      {"recover", &recover}, {"offset", &position.offset}, {"epoch", &position.epoch}};
  if (!read_object(value, fields)) return false;
  if (recover) to = std::move(position);
  return true;
}

// No more entries than fit into the message.
bool read_positions(const JsonValue& value, StringMap<StreamPosition>& to) {
  if (!value.is_object()) return false;
  JsonMembers rooms(value);
  while (rooms.next()) {
    std::string name(rooms.name());
    std::optional<StreamPosition> position;
    if (!read_position(rooms.value(), position) || to.contains(name)) return false;
    if (position) to.emplace(std::move(name), *std::move(position));
  }
  return true;
}

bool read_connect(const JsonValue& value, CommandBody& body) {
  auto& command = body.emplace<ConnectCommand>();
  auto& request = command.request;
  const auto subs = [&](const JsonValue& rooms) { return read_positions(rooms, command.since); };
  const JsonField fields[] = {{"token", &request.token},
                              {"data", Data{&request.data}},
                              {"subs", ReadValue(subs)},
                              {"name", &request.client_name},
                              {"version", &request.client_version}};
  return read_object(value, fields);
}

bool read_subscribe(const JsonValue& value, CommandBody& body) {
  auto& command = body.emplace<SubscribeCommand>();
  auto& request = command.join.request;
  StreamPosition since;
  std::int32_t type = 0;
  const JsonField fields[] = {{"channel", &request.room},
                              {"token", &request.token},
                              {"recover", &request.recovers},
                              {"epoch", &since.epoch},
                              {"offset", &since.offset},
                              {"data", Data{&request.data}},
                              {"join_leave", &command.join.announcements},
                              {"delta", &command.delta},
                              {"tf", Given{&command.not_offered}},
                              {"type", &type}};
  if (!read_object(value, fields)) return false;
  if (request.recovers) command.join.since = std::move(since);
  if (type != kStreamType) command.not_offered = true;
  return true;
}

bool read_unsubscribe(const JsonValue& value, CommandBody& body) {
  const JsonField fields[] = {{"channel", &body.emplace<UnsubscribeCommand>().room}};
  return read_object(value, fields);
}

bool read_publish(const JsonValue& value, CommandBody& body) {
  auto& command = body.emplace<PublishCommand>();
  std::int32_t type = 0;
  std::string key;
  bool removed = false;
  const JsonField fields[] = {{"channel", &command.publish.room},
                              {"data", Data{&command.publish.data}},
                              {"type", &type},
                              {"key", &key},
                              {"removed", &removed}};
  if (!read_object(value, fields)) return false;
  command.not_offered = publishes_by_key(type, key, removed);
  return true;
}

bool read_presence(const JsonValue& value, CommandBody& body) {
  const JsonField fields[] = {{"channel", &body.emplace<PresenceCommand>().room}};
  return read_object(value, fields);
}

bool read_presence_stats(const JsonValue& value, CommandBody& body) {
  const JsonField fields[] = {{"channel", &body.emplace<PresenceStatsCommand>().room}};
  return read_object(value, fields);
}

bool read_history(const JsonValue& value, CommandBody& body) {
  auto& command = body.emplace<HistoryCommand>();
  std::int32_t limit = 0;
  const auto since = [&](const JsonValue& position) {
    auto& to = command.query.since.emplace();
    const JsonField fields[] = {{"offset", &to.offset}, {"epoch", &to.epoch}};
    return read_object(position, fields);
  };
  const JsonField fields[] = {{"channel", &command.room},
                              {"limit", &limit},
                              {"since", ReadValue(since)},
                              {"reverse", &command.query.reverse}};
  if (!read_object(value, fields)) return false;
  command.query.limit = messages_wanted(limit);
  return true;
}

bool read_ping(const JsonValue& value, CommandBody& body) {
  body.emplace<PingCommand>();
  return read_object(value, {});
}

bool read_send(const JsonValue& value, CommandBody& body) {
  const JsonField fields[] = {{"data", Data{&body.emplace<SendCommand>().data}}};
  return read_object(value, fields);
}

bool read_rpc(const JsonValue& value, CommandBody& body) {
  auto& rpc = body.emplace<RpcCommand>().rpc;
  const JsonField fields[] = {{"data", Data{&rpc.data}}, {"method", &rpc.method}};
  return read_object(value, fields);
}

bool read_refresh(const JsonValue& value, CommandBody& body) {
  const JsonField fields[] = {{"token", &body.emplace<RefreshCommand>().token}};
  return read_object(value, fields);
}

bool read_sub_refresh(const JsonValue& value, CommandBody& body) {
  auto& command = body.emplace<SubRefreshCommand>();
  std::int32_t type = 0;
  const JsonField fields[] = {{"channel", &command.room},
                              {"token", &command.token},
                              {"type", &type},
                              {"track", Given{&command.not_offered}},
                              {"untrack", Given{&command.not_offered}}};
  if (!read_object(value, fields)) return false;
  if (type != kStreamType) command.not_offered = true;
  return true;
}

constexpr JsonRequest kRequests[kJsonRequests] = {
    {"connect", read_connect},
    {"subscribe", read_subscribe},
    {"unsubscribe", read_unsubscribe},
    {"publish", read_publish},
    {"presence", read_presence},
    {"presence_stats", read_presence_stats},
    {"history", read_history},
    {"ping", read_ping},
    {"send", read_send},
    {"rpc", read_rpc},
    {"refresh", read_refresh},
    {"sub_refresh", read_sub_refresh},
};

}  // namespace

std::span<const JsonRequest, kJsonRequests> json_requests() { return kRequests; }

}  // namespace madang::centrifuge
