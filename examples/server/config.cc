// SPDX-License-Identifier: Apache-2.0
#include "config.h"

#include <fmt/format.h>

#include <algorithm>

#include "json_config.h"
#include "madang/auth/token_verifier.h"
#include "madang/http/origin.h"

namespace server {
namespace {

using madang::Announce;
using madang::Durability;
using madang::PayloadKind;
using madang::RecoveryMode;
using madang::SlowConsumer;
using madang::Who;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t kApiKeyBytesMin = 16;
constexpr std::size_t kBytesMax = std::size_t{1} << 40;

const JsonConfig::Choices<Who> kReaders = {{"nobody", Who::kNobody},
                                           {"members", Who::kMembers},
                                           {"users", Who::kUsers},
                                           {"everyone", Who::kEveryone}};
const JsonConfig::Choices<Who> kPublishers = {{"nobody", Who::kNobody},
                                              {"members", Who::kMembers},
                                              {"users", Who::kUsers},
                                              {"everyone", Who::kEveryone},
                                              {"backend", Who::kAsk}};
const JsonConfig::Choices<Who> kSubscribers = {{"nobody", Who::kNobody},
                                               {"users", Who::kUsers},
                                               {"everyone", Who::kEveryone},
                                               {"backend", Who::kAsk}};

void read_history(JsonConfig& from, madang::HistoryOptions& to) {
  from.number("messages", to.messages_max, 0, 10'000'000);
  from.number("bytes", to.bytes_max, 1, kBytesMax);
  from.duration("age", to.age_max, milliseconds(1), hours(24 * 365 * 10));
}

void read_batch(JsonConfig& from, madang::BatchOptions& to) {
  from.object("batch", [&](JsonConfig& batch) {
    batch.duration("delay", to.delay, milliseconds(0), seconds(10));
    batch.number("messages", to.messages_max, 1, 4'096);
  });
}

void read_backend(JsonConfig& from, Config::Backend& to) {
  for (const auto* name : {"connect", "refresh", "subscribe", "publish", "rpc", "sub_refresh",
                           "disconnect", "unsubscribe"}) {
    std::string url;
    from.text(name, url);
    if (!url.empty()) to.urls.emplace_back(name, std::move(url));
  }
  from.duration("timeout", to.timeout, milliseconds(1), seconds(9));
  from.texts("headers", to.headers);
}

void read_kind(JsonConfig& from, const Config& config, madang::RoomKind& kind) {
  const bool has_store = config.has_store();
  madang::RoomOptions& options = kind.options;
  from.choice("subscribe", kind.subscribe, kSubscribers);
  from.choice("publish", kind.publish, kPublishers);
  from.choice("read_presence", kind.presence, kReaders);
  from.choice("read_history", kind.history, kReaders);

  from.choice<PayloadKind>("payload", options.payload_kind,
                           {{"json", PayloadKind::kJson}, {"bytes", PayloadKind::kBytes}});
  from.object("history", [&](JsonConfig& history) { read_history(history, options.history); });
  from.choice<RecoveryMode>("recovery", options.recovery,
                            {{"stream", RecoveryMode::kStream}, {"cache", RecoveryMode::kCache}});
  // Whoever gives the server a store means to keep what it acknowledges.
  if (has_store && options.has_positions()) options.durability = Durability::kDurable;
  from.choice<Durability>("durability", options.durability,
                          {{"memory", Durability::kMemory},
                           {"write_behind", Durability::kWriteBehind},
                           {"durable", Durability::kDurable}});
  from.choice<SlowConsumer>("slow_consumer", options.slow_consumer,
                            {{"disconnect", SlowConsumer::kDisconnect},
                             {"resubscribe", SlowConsumer::kResubscribe},
                             {"drop_oldest", SlowConsumer::kDropOldest},
                             {"keep_latest", SlowConsumer::kKeepLatest}});
  from.yes_or_no("delta", options.delta);
  read_batch(from, options.batch);
  from.yes_or_no("presence", options.presence);
  from.choice<Announce>("announce", options.announce,
                        {{"never", Announce::kNever},
                         {"by_session", Announce::kBySession},
                         {"by_user", Announce::kByUser}});
  from.yes_or_no("announce_to_all", options.announce_to_all);
  from.number("announce_members_max", options.announce_members_max, 0, 100'000);
  from.number("members_max", options.members_max, 1, 10'000'000);
  for (const auto& [name, who] :
       {std::pair("subscribe", kind.subscribe), {"publish", kind.publish}}) {
    if (who == Who::kAsk && !config.backend.has(name)) {
      from.wrong(name, fmt::format("`backend.{}` has no URL to ask", name));
    }
  }
  if (options.is_stored() && !has_store) {
    from.wrong("durability", "there is no store; `store.name` or --store names one");
  }
}

void read_limits(JsonConfig& from, Config& config) {
  madang::Limits& limits = config.limits;
  from.number("connections", config.connections_max, 1, 10'000'000);
  from.number("connections_per_address", config.connections_per_address_max, 1, 10'000'000);
  from.number("payload_bytes", limits.payload_bytes_max, 1, 16 << 20);
  from.number("rooms_per_connection", limits.rooms_per_session_max, 1, 100'000);
  from.number("outbox_bytes", limits.outbox_bytes_max, 64 << 10, 1 << 30);
  from.number("commands_per_second", limits.commands_per_second, 1);
  from.number("command_burst", limits.command_burst, 1);
  from.number("errors_per_connection", limits.errors_per_session_max, 1);
  from.duration("connect_timeout", limits.connect_timeout, milliseconds(100), hours(1));
  from.duration("ping_interval", limits.ping_interval, seconds(1), hours(1));
  from.duration("pong_timeout", limits.pong_timeout, milliseconds(100), hours(1));
  from.duration("expiry_grace", limits.expiry_grace, milliseconds(0), hours(1));
}

void read_all(JsonConfig& from, Config& config) {
  from.text("address", config.address);
  from.number("port", config.port);
  from.number("lanes", config.lanes, 0, 64);
  from.texts("origins", config.origins);
  from.yes_or_no("compression", config.compression);
  from.yes_or_no("guests", config.guests);
  read_batch(from, config.batch);
  from.object("api", [&](JsonConfig& api) {
    api.text("address", config.api.address);
    api.number("port", config.api.port);
    api.text("key", config.api.key);
  });
  from.object("tokens", [&](JsonConfig& tokens) {
    tokens.text("hmac_secret", config.tokens.hmac_secret);
    tokens.text("key_file", config.tokens.key_file);
    tokens.text("audience", config.tokens.audience);
    tokens.text("issuer", config.tokens.issuer);
    tokens.yes_or_no("expiry_required", config.tokens.expiry_required);
    tokens.duration("leeway", config.tokens.leeway, seconds(0), madang::kTokenLeewayMax);
  });
  from.object("store", [&](JsonConfig& store) {
    store.text("name", config.store.name);
    store.text("journal", config.store.journal);
    store.text("archive", config.store.archive);
  });
  from.object("personal_rooms", [&](JsonConfig& personal) {
    config.personal_rooms = true;
    personal.text("kind", config.personal_kind);
  });
  from.object("marks", [&](JsonConfig& marks) {
    marks.text("kind", config.marks.kind);
    marks.text("only_with_token", config.marks.only_with_token);
    marks.text("users", config.marks.users);
    marks.text("between_users", config.marks.between_users);
  });
  from.object("limits", [&](JsonConfig& limits) { read_limits(limits, config); });
  from.object("backend", [&](JsonConfig& backend) { read_backend(backend, config.backend); });
  // After what they depend on, whatever the order in the file.
  from.objects("rooms", [&](const std::string& name, JsonConfig& one) {
    read_kind(one, config, config.rooms.emplace_back(name, madang::RoomKind()).second);
  });
}

bool is_loopback(std::string_view address) {
  return address == "::1" || address.starts_with("127.") || address == "localhost";
}

}  // namespace

bool Config::Backend::has(std::string_view method) const {
  return std::ranges::any_of(urls, [&](const auto& url) { return url.first == method; });
}

void read_config(std::string_view json, Config& config, std::vector<std::string>& errors) {
  simdjson::dom::parser parser;
  simdjson::dom::element document;
  const auto error = parser.parse(json.data(), json.size()).get(document);
  simdjson::dom::object object;
  if (error != simdjson::SUCCESS) {
    errors.push_back(fmt::format("this is not JSON: {}", simdjson::error_message(error)));
  } else if (document.get(object) != simdjson::SUCCESS) {
    errors.emplace_back("this is not a JSON object");
  } else {
    JsonConfig from(object, "", errors);
    read_all(from, config);
  }
}

void check_config(const Config& config, std::vector<std::string>& errors) {
  const auto wrong = [&](std::string_view text) { errors.emplace_back(text); };
  for (const auto& kind : config.rooms) {
    if (const auto alone = madang::RoomKinds::make({kind}, config.marks); !alone.ok()) {
      errors.push_back(
          fmt::format("rooms.{}: {}", kind.first, std::string(alone.status().message())));
    }
  }
  if (const auto kinds = madang::RoomKinds::make(config.rooms, config.marks); !kinds.ok()) {
    if (errors.empty())
      errors.push_back(fmt::format("rooms: {}", std::string(kinds.status().message())));
  } else if (config.personal_rooms) {
    const std::string room = kinds->personal_room(config.personal_kind, "user");
    if (room.empty() || kinds->find(room) == nullptr) {
      wrong("personal_rooms.kind: `rooms` has no such kind");
    }
  }
  if (!madang::http::OriginPolicy::list(config.origins)) {
    wrong("origins: each is a scheme and a host, like \"https://example.org\"");
  }
  const bool tokens = !config.tokens.hmac_secret.empty() || !config.tokens.key_file.empty();
  if (config.insecure) {
    if (!is_loopback(config.address) || (!is_loopback(config.api.address))) {
      wrong("--insecure lets everybody do everything, so it goes with a loopback address alone");
    }
  } else if (!tokens && !config.guests && !config.backend.has("connect")) {
    wrong(
        "nobody could connect: tokens.hmac_secret or tokens.key_file, backend.connect, or guests");
  }
  if (!config.insecure && config.rooms.empty()) {
    wrong("rooms: there are none; {\"rooms\":{\"\":{\"subscribe\":\"users\"}}} makes plain ones");
  }
  if (!config.api.key.empty() && config.api.key.size() < kApiKeyBytesMin) {
    errors.push_back(fmt::format("api.key: has less than {} bytes", kApiKeyBytesMin));
  }
  if (config.api.port != 0 && config.api.port == config.port &&
      config.api.address == config.address) {
    wrong("api.port: is that of the clients; the API has one of its own");
  }
}

}  // namespace server
