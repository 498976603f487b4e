// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/escaping.h"
#include "protocol/centrifuge/json_writer.h"
#include "protocol/centrifuge/server_method.h"

namespace madang::centrifuge {
namespace {

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

bool read_tags(const JsonValue& value, Tags& tags) {
  if (!value.is_object()) return false;
  JsonMembers members(value);
  while (members.next()) {
    auto& tag = tags.emplace_back(std::string(members.name()), std::string());
    if (!to_string(members.value(), tag.second)) return false;
  }
  return true;
}

bool read_room(const JsonValue& value, std::string& room) {
  const JsonField fields[] = {{"channel", &room}};
  return read_object(value, fields) && !room.empty();
}

bool read_publish(const JsonValue& value, ServerCall& call) {
  std::string room;
  ServerPublish publish;
  if (!read_server_publish(value, {"channel", &room}, publish) || room.empty()) return false;
  call = [room = std::move(room), publish = std::move(publish)](const ServerApiOptions& api,
                                                                ServerAnswer answer) {
    publish.run(api, room, std::move(answer));
  };
  return true;
}

bool read_presence(const JsonValue& value, ServerCall& call) {
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

bool read_presence_stats(const JsonValue& value, ServerCall& call) {
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

bool read_history(const JsonValue& value, ServerCall& call) {
  std::string room;
  std::int32_t limit = 0;
  HistoryQuery query;
  const auto read_since = [&](const JsonValue& since) { return read_position(since, query.since); };
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

bool read_history_remove(const JsonValue& value, ServerCall& call) {
  std::string room;
  if (!read_room(value, room)) return false;
  call = [room = std::move(room)](const ServerApiOptions& api, ServerAnswer answer) {
    api.engine->remove_history(room, [answer = std::move(answer)](absl::Status status) mutable {
      answer_status(is_nothing(status) ? absl::OkStatus() : status, answer);
    });
  };
  return true;
}

bool read_info(const JsonValue& value, ServerCall& call) {
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

bool read_channels(const JsonValue& value, ServerCall& call) {
  std::string pattern;
  const JsonField fields[] = {{"pattern", &pattern}};
  if (!read_object(value, fields)) return false;
  call = [pattern = pattern.empty() ? "*" : std::move(pattern)](const ServerApiOptions& api,
                                                                ServerAnswer answer) {
    const auto rooms = api.engine->rooms(pattern);
    if (!rooms.ok()) return answer(rooms.status());
    std::string json;
    {
      JsonObject result(json);
      auto channels = result.object("channels");
      for (const RoomFacts& room : *rooms) {
        JsonObject facts(channels.entry(room.name));
        facts.number("num_clients", room.members);
      }
    }
    answer(std::move(json));
  };
  return true;
}

bool read_rpc(const JsonValue& value, ServerCall& call) {
  std::string method;
  Payload data;
  Payload params;
  const JsonField fields[] = {
      {"method", &method}, {"data", Data{&data}}, {"params", Data{&params}}};
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

}  // namespace

bool read_position(const JsonValue& value, std::optional<StreamPosition>& to) {
  StreamPosition& position = to.emplace();
  const JsonField fields[] = {{"offset", &position.offset}, {"epoch", &position.epoch}};
  return read_object(value, fields);
}

void answer_status(const absl::Status& status, ServerAnswer& answer) {
  if (!status.ok()) return answer(status);
  answer(std::string("{}"));
}

void ServerPublish::run(const ServerApiOptions& api, std::string_view room,
                        ServerAnswer answer) const {
  if (room.empty()) return answer(absl::InvalidArgumentError("no channel"));
  api.engine->publish(room, data, options,
                      [answer = std::move(answer)](absl::StatusOr<PublishResult> result) mutable {
                        if (!result.ok()) return answer(result.status());
                        answer(position_json(result->position));
                      });
}

bool read_server_publish(const JsonValue& value, const JsonField& own, ServerPublish& to) {
  bool skip_history = false;
  std::string encoded;
  const auto tags = [&](const JsonValue& object) { return read_tags(object, to.options.tags); };
  const JsonField fields[] = {own,
                              {"data", Data{&to.data}},
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
                                              {"refresh", read_refresh},
                                              {"presence", read_presence},
                                              {"presence_stats", read_presence_stats},
                                              {"history", read_history},
                                              {"history_remove", read_history_remove},
                                              {"channels", read_channels},
                                              {"info", read_info},
                                              {"rpc", read_rpc},
                                              {"batch", read_batch}};
  return kMethods;
}

}  // namespace madang::centrifuge
