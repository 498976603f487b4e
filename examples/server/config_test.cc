// SPDX-License-Identifier: Apache-2.0
#include "config.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "json_config.h"

namespace server {
namespace {

using namespace std::chrono_literals;

std::vector<std::string> errors_of(std::string_view json, Config config = {}) {
  std::vector<std::string> errors;
  read_config(json, config, errors);
  return errors;
}

Config good(std::string_view json, Config config = {}) {
  std::vector<std::string> errors;
  read_config(json, config, errors);
  CHECK(errors == std::vector<std::string>());
  return config;
}

// A configuration that may serve, and what is wrong once `change` was made.
template <typename Change>
std::size_t wrong_after(Change change) {
  Config config = good(R"({"tokens":{"hmac_secret":"x"},"rooms":{"":{}}})");
  change(config);
  std::vector<std::string> errors;
  check_config(config, errors);
  return errors.size();
}

}  // namespace

TEST_CASE("config: what is written is what is meant") {
  const Config config = good(R"({
    "address": "::1", "port": 1, "lanes": 2, "origins": ["https://a.example"], "guests": true,
    "compression": true, "api": {"address": "127.0.0.2", "port": 2, "key": "k"},
    "tokens": {"hmac_secret": "s", "key_file": "f", "audience": "a", "issuer": "i",
               "expiry_required": false, "leeway": "1s"},
    "store": {"name": "sqlite:x", "journal": "j", "archive": "z"},
    "personal_rooms": {"kind": "chat"}, "marks": {"kind": "/", "users": ""},
    "limits": {"connections": 5, "payload_bytes": 100, "ping_interval": "10s"},
    "rooms": {"chat": {"subscribe": "users", "publish": "members", "read_presence": "everyone",
      "read_history": "nobody", "payload": "bytes", "recovery": "cache", "delta": true,
      "history": {"messages": 7, "bytes": 8, "age": "2d"}, "durability": "write_behind",
      "slow_consumer": "resubscribe", "batch": {"delay": "20ms", "messages": 9}, "presence": true,
      "announce": "by_user", "announce_to_all": true, "announce_members_max": 3,
      "members_max": 4}}})");
  CHECK(config.address == "::1");
  CHECK(config.port == 1);
  CHECK(config.lanes == 2);
  CHECK(config.origins == std::vector<std::string>{"https://a.example"});
  CHECK(config.guests);
  CHECK(config.compression);
  CHECK(config.api.address == "127.0.0.2");
  CHECK(config.api.port == 2);
  CHECK(config.api.key == "k");
  CHECK(config.tokens.hmac_secret == "s");
  CHECK(config.tokens.key_file == "f");
  CHECK(config.tokens.audience == "a");
  CHECK(config.tokens.issuer == "i");
  CHECK_FALSE(config.tokens.expiry_required);
  CHECK(config.tokens.leeway == 1s);
  CHECK(config.store.name == "sqlite:x");
  CHECK(config.store.journal == "j");
  CHECK(config.store.archive == "z");
  CHECK(config.personal_rooms);
  CHECK(config.personal_kind == "chat");
  CHECK(config.marks.kind == "/");
  CHECK(config.marks.users.empty());
  CHECK(config.connections_max == 5);
  CHECK(config.limits.payload_bytes_max == 100);
  CHECK(config.limits.ping_interval == 10s);
  REQUIRE(config.rooms.size() == 1);
  CHECK(config.rooms[0].first == "chat");
  const madang::RoomKind& kind = config.rooms[0].second;
  CHECK(kind.subscribe == madang::Who::kUsers);
  CHECK(kind.publish == madang::Who::kMembers);
  CHECK(kind.presence == madang::Who::kEveryone);
  CHECK(kind.history == madang::Who::kNobody);
  CHECK(kind.options.payload_kind == madang::PayloadKind::kBytes);
  CHECK(kind.options.recovery == madang::RecoveryMode::kCache);
  CHECK(kind.options.delta);
  CHECK(kind.options.history.messages_max == 7);
  CHECK(kind.options.history.bytes_max == 8);
  CHECK(kind.options.history.age_max == 48h);
  CHECK(kind.options.durability == madang::Durability::kWriteBehind);
  CHECK(kind.options.slow_consumer == madang::SlowConsumer::kResubscribe);
  CHECK(kind.options.batch.delay == 20ms);
  CHECK(kind.options.batch.messages_max == 9);
  CHECK(kind.options.presence);
  CHECK(kind.options.announce == madang::Announce::kByUser);
  CHECK(kind.options.announce_to_all);
  CHECK(kind.options.announce_members_max == 3);
  CHECK(kind.options.members_max == 4);
}

TEST_CASE("config: everything that is wrong is told, each with its path") {
  auto errors = errors_of(R"({"port":70000,"prt":1,"origins":["https://a",1],"guests":1,
    "tokens":{"leeway":"2h"},"store":[],"api":{"port":-1},
    "rooms":{"chat":{"subscribe":"members","history":{"age":"5x"},"histry":{}},"x":1}})");
  std::vector<std::string> paths;
  for (const std::string& error : errors)
    paths.push_back(error.substr(0, error.find(": ")));
  std::sort(paths.begin(), paths.end());
  CHECK(paths == std::vector<std::string>{"api.port", "guests", "origins[1]", "port", "prt",
                                          "rooms.chat.history.age", "rooms.chat.histry",
                                          "rooms.chat.subscribe", "rooms.x", "store",
                                          "tokens.leeway"});
}

TEST_CASE("config: what is no JSON object, or says a thing twice, is refused") {
  for (const auto* text : {"", "x", "[]", "1", "{", R"({"port":1)", R"({"port":1}})"}) {
    CHECK(errors_of(text).size() == 1);
  }
  CHECK(errors_of(R"({"port":1,"port":2})") == std::vector<std::string>{"port: is there twice"});
  CHECK(errors_of(std::string(100'000, '[')).size() == 1);
}

TEST_CASE("config: rooms with a history are durable where there is a store") {
  const auto durability = [](std::string_view json, Config config = {}) {
    return good(json, std::move(config)).rooms.at(0).second.options.durability;
  };
  constexpr std::string_view kKept = R"({"rooms":{"":{"history":{"messages":1}}}})";
  CHECK(durability(kKept) == madang::Durability::kMemory);
  Config with_store;
  with_store.store.name = "sqlite:x";
  CHECK(durability(kKept, with_store) == madang::Durability::kDurable);
  CHECK(durability(R"({"rooms":{"":{}}})", with_store) == madang::Durability::kMemory);
  CHECK(durability(R"({"rooms":{"":{"history":{"messages":1}}},"store":{"name":"sqlite:x"}})") ==
        madang::Durability::kDurable);
  CHECK(errors_of(R"({"rooms":{"":{"history":{"messages":1},"durability":"durable"}}})").size() ==
        1);
}

TEST_CASE("config: a backend is asked where it has an address, and nowhere else") {
  const Config config = good(R"({"backend":{"connect":"http://a/c","publish":"http://a/p",
    "timeout":"2s","headers":["A: b"]},"rooms":{"":{"publish":"backend"}}})");
  CHECK(config.backend.has("connect"));
  CHECK_FALSE(config.backend.has("rpc"));
  CHECK(config.backend.timeout == 2s);
  CHECK(config.rooms.at(0).second.publish == madang::Who::kAsk);
  std::vector<std::string> errors;
  check_config(config, errors);
  CHECK(errors.empty());
  CHECK(errors_of(R"({"rooms":{"":{"publish":"backend","subscribe":"backend"}}})").size() == 2);
  CHECK(errors_of(R"({"backend":{"conect":"http://a"}})").size() == 1);
}

TEST_CASE("config: what can not serve, or would serve everybody, is refused as a whole") {
  CHECK(wrong_after([](Config&) {}) == 0);
  CHECK(wrong_after([](Config& c) { c.tokens.hmac_secret = ""; }) == 1);
  CHECK(wrong_after([](Config& c) { c.rooms.clear(); }) == 1);
  CHECK(wrong_after([](Config& c) { c.origins = {"a.example"}; }) == 1);
  CHECK(wrong_after([](Config& c) { c.api.key = "short"; }) == 1);
  CHECK(wrong_after([](Config& c) { c.api.port = c.port; }) == 1);
  CHECK(wrong_after([](Config& c) { c.personal_rooms = true, c.personal_kind = "no"; }) == 1);
  CHECK(wrong_after([](Config& c) {
          c.rooms.emplace_back("a:b", madang::RoomKind());
          c.rooms.emplace_back("c#", madang::RoomKind());
        }) == 2);
  CHECK(wrong_after([](Config& c) { c.insecure = true; }) == 0);
  CHECK(wrong_after([](Config& c) { c.insecure = true, c.address = "0.0.0.0"; }) == 1);
  CHECK(wrong_after([](Config& c) { c.insecure = true, c.api.address = "::"; }) == 1);
}

TEST_CASE("config: times have a number and a unit") {
  madang::Duration to{};
  CHECK((read_duration("250ms", to) && to == 250ms));
  CHECK((read_duration("7d", to) && to == 168h));
  for (const auto* text :
       {"", "5", "s", "-1s", "1.5s", "1 s", "1S", "99999999999999999999s", "36501d", "1sx"}) {
    CHECK_FALSE(read_duration(text, to));
  }
}

}  // namespace server
