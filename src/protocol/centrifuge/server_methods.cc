// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "absl/strings/escaping.h"
#include "protocol/centrifuge/json_writer.h"
#include "protocol/centrifuge/server_method.h"

namespace madang::centrifuge {
namespace {

constexpr std::string_view kEmptyResult = "{}";

void answer_status(const absl::Status& status, ServerAnswer& answer) {
  if (!status.ok()) return answer(status);
  answer(std::string(kEmptyResult));
}

// A room where nobody is and nothing is kept has nothing, which is an answer.
bool is_nothing(const absl::Status& status) { return absl::IsNotFound(status); }

std::string position_json(const StreamPosition& position) {
  std::string json;
  {
    JsonObject result(json);
    if (!position.epoch.empty()) {
      result.number("offset", position.offset);
      result.text("epoch", position.epoch);
    }
  }
  return json;
}

// The text of the numbers that have one; a host's own and all others have one of ours.
CloseReason close_reason_of(std::uint32_t code) {
  constexpr std::array kKnown = {
      kClosed,          kShutdown,         kExpired,     kSlow,
      kForceReconnect,  kInvalidToken,     kBadRequest,  kForceNoReconnect,
      kConnectionLimit, kPermissionDenied, kNotAvailable};
  const auto* const found = std::ranges::find(kKnown, code, &CloseReason::code);
  return found != kKnown.end() ? *found : CloseReason{code, "disconnected by backend"};
}

bool read_tags(JsonValue value, Tags& tags) {
  simdjson::ondemand::object object;
  if (value.get_object().get(object)) return false;
  for (auto member : object) {
    std::string_view name;
    JsonValue text;
    if (member.unescaped_key().get(name) || member.value().get(text)) return false;
    auto& tag = tags.emplace_back(std::string(name), std::string());
    if (!read_string(text, tag.second)) return false;
  }
  return true;
}

bool read_position(JsonValue value, std::optional<StreamPosition>& to) {
  StreamPosition& position = to.emplace();
  const JsonField fields[] = {{"offset", &position.offset}, {"epoch", &position.epoch}};
  return read_object(value, fields);
}

bool read_room(JsonValue value, std::string& room) {
  const JsonField fields[] = {{"channel", &room}};
  return read_object(value, fields) && !room.empty();
}

bool read_publish(JsonValue value, ServerCall& call) {
  std::string room;
  ServerPublish publish;
  if (!read_server_publish(value, {"channel", &room}, publish) || room.empty()) return false;
  call = [room = std::move(room), publish = std::move(publish)](const ServerApiOptions& api,
                                                                ServerAnswer answer) {
    publish.run(api, room, std::move(answer));
  };
  return true;
}

// Who is meant. One client or session of a user cannot be.
struct Target {
  std::string user = {};
  std::string client = {};
  std::string session = {};

  absl::Status check() const {
    if (!client.empty() || !session.empty())
      return absl::UnimplementedError("a user is meant with all sessions");
    return user.empty() ? absl::InvalidArgumentError("no user") : absl::OkStatus();
  }
};

bool read_subscribe(JsonValue value, ServerCall& call) {
  Target target;
  std::string room;
  JoinOptions options;
  std::uint64_t expire_at_s = 0;
  const auto read_since = [&](JsonValue since) { return read_position(since, options.since); };
  const JsonField fields[] = {{"user", &target.user},
                              {"client", &target.client},
                              {"session", &target.session},
                              {"channel", &room},
                              {"info", Checked{&options.room_info}},
                              {"data", Checked{&options.data}},
                              {"expire_at", &expire_at_s},
                              {"recover_since", ReadValue(read_since)}};
  if (!read_object(value, fields) || room.empty()) return false;
  constexpr std::uint64_t kLatest = std::uint64_t{1} << 40;  // some 30,000 years from now
  if (expire_at_s > 0)
    options.expires = WallTime(std::chrono::seconds(std::min(expire_at_s, kLatest)));
  call = [target = std::move(target), room = std::move(room), options = std::move(options)](
             const ServerApiOptions& api, ServerAnswer answer) {
    absl::Status status = target.check();
    if (status.ok()) status = api.engine->join_user(target.user, room, options);
    answer_status(status, answer);
  };
  return true;
}

bool read_unsubscribe(JsonValue value, ServerCall& call) {
  Target target;
  std::string room;
  const JsonField fields[] = {{"user", &target.user},
                              {"client", &target.client},
                              {"session", &target.session},
                              {"channel", &room}};
  if (!read_object(value, fields) || room.empty()) return false;
  call = [target = std::move(target), room = std::move(room)](const ServerApiOptions& api,
                                                              ServerAnswer answer) {
    absl::Status status = target.check();
    if (status.ok()) status = api.engine->leave_user(target.user, room);
    answer_status(status, answer);
  };
  return true;
}

bool read_disconnect(JsonValue value, ServerCall& call) {
  Target target;
  bool whitelist = false;
  std::uint32_t code = kForceNoReconnect.code;
  const auto read_reason = [&](JsonValue reason) {
    const JsonField fields[] = {{"code", &code}};
    return read_object(reason, fields);
  };
  const JsonField fields[] = {{"user", &target.user},
                              {"client", &target.client},
                              {"session", &target.session},
                              {"whitelist", Given{&whitelist}},
                              {"disconnect", ReadValue(read_reason)}};
  if (!read_object(value, fields) || code < 3000 || code > 4999) return false;
  call = [target = std::move(target), whitelist, code](const ServerApiOptions& api,
                                                       ServerAnswer answer) {
    absl::Status status = target.check();
    if (whitelist) status = absl::UnimplementedError("all sessions of a user end");
    if (status.ok()) status = api.engine->disconnect_user(target.user, close_reason_of(code));
    answer_status(status, answer);
  };
  return true;
}

bool read_presence(JsonValue value, ServerCall& call) {
  std::string room;
  if (!read_room(value, room)) return false;
  call = [room = std::move(room)](const ServerApiOptions& api, ServerAnswer answer) {
    const auto sessions = api.engine->presence(room);
    if (!sessions.ok() && !is_nothing(sessions.status())) return answer(sessions.status());
    std::string json;
    {
      JsonObject result(json);
      auto presence = result.object("presence");
      for (const ClientInfoRef& info : sessions.ok() ? *sessions : std::vector<ClientInfoRef>())
        append_json(*info, presence.entry(info->client.text()));
    }
    answer(std::move(json));
  };
  return true;
}

bool read_presence_stats(JsonValue value, ServerCall& call) {
  std::string room;
  if (!read_room(value, room)) return false;
  call = [room = std::move(room)](const ServerApiOptions& api, ServerAnswer answer) {
    const auto stats = api.engine->presence_stats(room);
    if (!stats.ok() && !is_nothing(stats.status())) return answer(stats.status());
    std::string json;
    {
      JsonObject result(json);
      result.number("num_clients", stats.ok() ? stats->sessions : 0);
      result.number("num_users", stats.ok() ? stats->users : 0);
    }
    answer(std::move(json));
  };
  return true;
}

std::string history_json(const HistoryResult& page) {
  std::string json;
  {
    JsonObject result(json);
    append_json(page.messages, page.position.epoch, result.member("publications"));
    result.text("epoch", page.position.epoch);
    result.number("offset", page.position.offset);
  }
  return json;
}

bool read_history(JsonValue value, ServerCall& call) {
  std::string room;
  std::int32_t limit = 0;
  HistoryQuery query;
  const auto read_since = [&](JsonValue since) { return read_position(since, query.since); };
  const JsonField fields[] = {{"channel", &room},
                              {"limit", &limit},
                              {"since", ReadValue(read_since)},
                              {"reverse", &query.reverse}};
  if (!read_object(value, fields) || room.empty()) return false;
  call = [room = std::move(room), limit, query = std::move(query)](const ServerApiOptions& api,
                                                                   ServerAnswer answer) mutable {
    const std::size_t most = api.history_messages_max;
    query.limit = limit < 0 ? most : std::min<std::size_t>(static_cast<std::size_t>(limit), most);
    api.engine->history(room, std::move(query),
                        [answer = std::move(answer)](absl::StatusOr<HistoryResult> page) mutable {
                          if (!page.ok() && !is_nothing(page.status()))
                            return answer(page.status());
                          answer(history_json(page.ok() ? *page : HistoryResult()));
                        });
  };
  return true;
}

bool read_history_remove(JsonValue value, ServerCall& call) {
  std::string room;
  if (!read_room(value, room)) return false;
  call = [room = std::move(room)](const ServerApiOptions& api, ServerAnswer answer) {
    api.engine->remove_history(room, [answer = std::move(answer)](absl::Status status) mutable {
      answer_status(is_nothing(status) ? absl::OkStatus() : status, answer);
    });
  };
  return true;
}

bool read_info(JsonValue value, ServerCall& call) {
  if (!read_object(value, {})) return false;
  call = [](const ServerApiOptions& api, ServerAnswer answer) {
    const EngineCounters counters = api.engine->counters();
    std::string json;
    {
      JsonObject result(json);
      std::string& nodes = result.member("nodes");
      nodes += '[';
      {
        JsonObject node(nodes);
        node.text("uid", api.node);
        node.text("name", api.node);
        node.text("version", "madang");
        node.number("num_clients", counters.sessions);
        node.number("num_subs", counters.subscriptions);
        node.number("num_channels", counters.rooms);
      }
      nodes += ']';
    }
    answer(std::move(json));
  };
  return true;
}

bool read_rpc(JsonValue value, ServerCall& call) {
  std::string method;
  Payload data;
  Payload params;
  const JsonField fields[] = {
      {"method", &method}, {"data", Checked{&data}}, {"params", Checked{&params}}};
  if (!read_object(value, fields)) return false;
  call = [method = std::move(method), data = data.empty() ? params : data](
             const ServerApiOptions& api, ServerAnswer answer) mutable {
    if (!api.rpc) return answer(absl::UnimplementedError("no handler"));
    api.rpc(std::move(method), std::move(data),
            [answer = std::move(answer)](absl::StatusOr<Payload> result) mutable {
              if (!result.ok()) return answer(result.status());
              std::string json;
              bool written = false;
              {
                JsonObject object(json);
                written = write_host_payload("data", *result, object);
              }
              if (!written) return answer(absl::InternalError("the host's answer is not JSON"));
              answer(std::move(json));
            });
  };
  return true;
}

bool read_not_offered(JsonValue value, ServerCall& call) {
  if (!check_value(value)) return false;
  call = [](const ServerApiOptions&, ServerAnswer answer) {
    answer(absl::UnimplementedError("not offered"));
  };
  return true;
}

}  // namespace

void ServerPublish::run(const ServerApiOptions& api, std::string_view room,
                        ServerAnswer answer) const {
  if (room.empty()) return answer(absl::InvalidArgumentError("no channel"));
  api.engine->publish(room, data, options,
                      [answer = std::move(answer)](absl::StatusOr<PublishResult> result) mutable {
                        if (!result.ok()) return answer(result.status());
                        answer(position_json(result->position));
                      });
}

bool read_server_publish(JsonValue value, const JsonField& own, ServerPublish& to) {
  bool skip_history = false;
  std::string encoded;
  const auto tags = [&](JsonValue object) { return read_tags(object, to.options.tags); };
  const JsonField fields[] = {own,
                              {"data", Unchecked{&to.data}},
                              {"b64data", &encoded},
                              {"skip_history", &skip_history},
                              {"tags", ReadValue(tags)},
                              {"idempotency_key", &to.options.idempotency_key}};
  if (!read_object(value, fields)) return false;
  to.options.keep = !skip_history;
  if (!to.data.empty() || encoded.empty()) return !to.data.empty();
  std::string bytes;
  if (!absl::Base64Unescape(encoded, &bytes)) return false;
  to.data = Payload(bytes);
  return true;
}

std::span<const ServerMethod> server_methods() {
  static constexpr ServerMethod kMethods[] = {{"publish", read_publish},
                                              {"broadcast", read_broadcast},
                                              {"subscribe", read_subscribe},
                                              {"unsubscribe", read_unsubscribe},
                                              {"disconnect", read_disconnect},
                                              {"refresh", read_not_offered},
                                              {"presence", read_presence},
                                              {"presence_stats", read_presence_stats},
                                              {"history", read_history},
                                              {"history_remove", read_history_remove},
                                              {"channels", read_not_offered},
                                              {"info", read_info},
                                              {"rpc", read_rpc},
                                              {"batch", read_batch}};
  return kMethods;
}

}  // namespace madang::centrifuge
