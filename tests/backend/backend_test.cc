// SPDX-License-Identifier: Apache-2.0
#include "madang/backend/backend.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <chrono>
#include <map>
#include <string>

#include "backend/fixture.h"
#include "madang/base/status.h"

namespace madang {
namespace {

using namespace std::chrono_literals;
using testing::BackendFixture;
using testing::Client;
using testing::http_answer;
using testing::TinyRequest;
using testing::TinyServer;

// Answers by path, and {"result":{}} where nothing is said.
TinyServer::Respond by_path(std::map<std::string, std::string> answers) {
  return [answers = std::move(answers)](const TinyRequest& request) {
    const auto found = answers.find(request.path);
    return http_answer(found == answers.end() ? R"({"result":{}})" : found->second);
  };
}

TEST_CASE("backend: connect is asked, and says who it is and where he is") {
  BackendFixture f(by_path({{"/connect",
                             R"({"result":{"user":"42","info":{"n":1},"data":{"hi":1},
                             "expire_at":1704067260,"subs":{"news":{"info":{"r":1}}}}})"}}));
  f.world.rooms.presence = true;
  const Client client = f.world.open();
  const auto result = f.connect(
      client, {.token = "t\"1", .data = "{\"a\":1}", .client_name = "js", .client_version = "5"});
  REQUIRE(result.ok());
  CHECK(f.body_of("/connect") ==
        BackendFixture::begin(client, "") +
            R"(,"name":"js","version":"5","token":"t\"1","data":{"a":1}})");
  CHECK(client.session().user() == "42");
  CHECK(result->data.view() == R"({"hi":1})");
  CHECK_FALSE(result->ttl_s.has_value());  // the backend is asked, not the client
  CHECK(client.session().in_room("news"));
  const auto there = f.world.engine().presence("news");
  REQUIRE(there.ok());
  REQUIRE(there->size() == 1);
  CHECK(there->front()->connection_info.view() == R"({"n":1})");
  CHECK(there->front()->room_info.view() == R"({"r":1})");
}

TEST_CASE("backend: without a refresh method the client is told when to refresh") {
  BackendFixture f(by_path({{"/connect", R"({"result":{"user":"42","expire_at":1704067260}})"}}),
                   [](BackendOptions& options) { options.refresh = {}; });
  const auto result = f.connect(f.world.open());
  REQUIRE(result.ok());
  CHECK(result->ttl_s == 60);
}

TEST_CASE("backend: subscribe, publish and rpc are asked and answered") {
  BackendFixture f(by_path({{"/connect", R"({"result":{"user":"u"}})"},
                            {"/subscribe", R"({"result":{"data":{"s":1},"info":{"i":1}}})"},
                            {"/publish", R"({"result":{"data":{"p":2}}})"},
                            {"/rpc", R"({"result":{"data":{"r":3}}})"}}));
  f.world.rooms.history.messages_max = 10;
  const Client client = f.enter();
  const std::string begin = BackendFixture::begin(client, "u");

  JoinCommand command;
  command.request = {.room = "room", .token = "t", .data = "[1]"};
  absl::StatusOr<JoinResult> joined = absl::UnknownError("no answer yet");
  client.session().join_command(std::move(command),
                                [&](absl::StatusOr<JoinResult> result) { joined = result; });
  f.take_answer();
  REQUIRE(joined.ok());
  CHECK(joined->data.view() == R"({"s":1})");
  CHECK(f.body_of("/subscribe") == begin + R"(,"channel":"room","token":"t","data":[1]})");

  const auto published = client.publish("room", R"({"p":1})");
  f.take_answer();
  CHECK(published->ok());
  CHECK(f.body_of("/publish") == begin + R"(,"channel":"room","data":{"p":1}})");
  const auto history = f.world.history("room", {.limit = 10});
  REQUIRE(history.ok());
  REQUIRE(history->messages.size() == 1);
  CHECK(history->messages[0]->data.view() == R"({"p":2})");

  const auto answer = f.rpc(client, R"({"q":1})");
  REQUIRE(answer.ok());
  CHECK(answer->view() == R"({"r":3})");
  CHECK(f.body_of("/rpc") == begin + R"(,"method":"m","data":{"q":1}})");

  const auto counters = f.backend->counters();
  CHECK(counters.calls == 4);
  CHECK(counters.results == 4);
}

TEST_CASE("backend: a message that is not to be kept is in no history") {
  BackendFixture f(by_path({{"/publish", R"({"result":{"skip_history":true}})"}}));
  f.world.rooms.history.messages_max = 10;
  const Client client = f.enter();
  client.join("room");
  f.take_answer();
  client.read();
  const auto published = client.publish("room", "1");
  f.take_answer();
  CHECK(published->ok());
  CHECK(f.world.history("room", {.limit = 10})->messages.empty());
}

TEST_CASE("backend: what is not JSON travels in Base64") {
  BackendFixture f(by_path({{"/rpc", R"({"result":{"b64data":"/v8="}})"}}));
  const Client client = f.world.open(0, MemoryTransport::kEndlessBytes, false);
  REQUIRE(f.connect(client).ok());
  CHECK(f.body_of("/connect").find(R"("protocol":"protobuf")") != std::string::npos);
  const auto answer = f.rpc(client, std::string("\0\1\xff", 3));
  REQUIRE(answer.ok());
  CHECK(answer->view() == "\xfe\xff");
  CHECK(f.body_of("/rpc").ends_with(R"(,"method":"m","b64data":"AAH/"})"));
}

// A connection that lasts a minute, refreshed by whatever `refresh` answers.
TinyServer::Respond for_a_minute(std::string refresh) {
  return by_path({{"/connect", R"({"result":{"user":"u","expire_at":1704067260}})"},
                  {"/refresh", std::move(refresh)}});
}

TEST_CASE("backend: a connection at its end is refreshed, or ended") {
  SUBCASE("goes on") {
    BackendFixture f(for_a_minute(R"({"result":{"expire_at":1704070800}})"));
    const Client client = f.enter();
    f.world.pass(61s);
    f.take_answer();
    CHECK(f.body_of("/refresh") == BackendFixture::begin(client, "u") + "}");
    f.world.pass(600s);
    CHECK_FALSE(client.transport->close_reason().has_value());
  }
  SUBCASE("is over") {
    BackendFixture f(for_a_minute(R"({"result":{"expired":true}})"));
    const Client client = f.enter();
    f.world.pass(61s);
    f.take_answer();
    CHECK(client.transport->close_reason() == kExpired);
  }
  SUBCASE("is refused") {
    BackendFixture f(for_a_minute(R"({"error":{"code":1000,"message":"no"}})"));
    const Client client = f.enter();
    f.world.pass(61s);
    f.take_answer();
    CHECK(client.transport->close_reason() == kExpired);
  }
}

TEST_CASE("backend: a connection whose refresh fails gets some more time, each time") {
  BackendFixture f(for_a_minute("nonsense"));
  const Client client = f.enter();
  for (int i = 0; i < 3; ++i) {
    f.world.pass(61s);
    f.take_answer();
    CHECK_FALSE(client.transport->close_reason().has_value());
  }
  CHECK(f.backend->counters().malformed == 3);

  BackendFixture strict(for_a_minute("nonsense"),
                        [](BackendOptions& options) { options.refresh_grace = 0s; });
  const Client other = strict.enter();
  strict.world.pass(61s);
  strict.take_answer();
  CHECK(other.transport->close_reason() == kExpired);
}

TEST_CASE("backend: a subscription is refreshed when its client asks") {
  BackendFixture f(by_path({{"/connect", R"({"result":{"user":"u"}})"},
                            {"/sub_refresh", R"({"result":{"expire_at":1704067260}})"},
                            {"/refresh", R"({"result":{"expired":true}})"}}));
  const Client client = f.enter();
  client.join("room");
  f.take_answer();
  absl::StatusOr<RefreshResult> refreshed = absl::UnknownError("no answer yet");
  client.session().refresh_command({.room = "room", .token = "t"},
                                   [&](absl::StatusOr<RefreshResult> r) { refreshed = r; });
  f.take_answer();
  REQUIRE(refreshed.ok());
  CHECK(refreshed->ttl_s == 60);
  CHECK(f.body_of("/sub_refresh") ==
        BackendFixture::begin(client, "u") + R"(,"channel":"room","token":"t"})");

  BackendFixture over(by_path({{"/sub_refresh", R"({"result":{"expired":true}})"}}));
  const Client other = over.enter();
  other.join("room");
  over.take_answer();
  other.session().refresh_command({.room = "room", .token = "t"},
                                  [&](absl::StatusOr<RefreshResult> r) { refreshed = r; });
  over.take_answer();
  const auto error = client_error_of(refreshed.status());
  REQUIRE(error.has_value());
  CHECK(error->code == 110);
}

TEST_CASE("backend: its errors and disconnects reach the client as they are") {
  BackendFixture f(
      by_path({{"/connect", R"({"result":{"user":"u"}})"},
               {"/subscribe", R"({"error":{"code":103,"message":"permission denied"}})"},
               {"/publish", R"({"error":{"code":1001,"message":"too rude","temporary":true}})"},
               {"/rpc", R"({"disconnect":{"code":4501,"reason":"banned"}})"}}));
  const Client client = f.enter();
  const auto joined = client.join("room");
  f.take_answer();
  REQUIRE(client_error_of(joined->status()).has_value());
  CHECK(client_error_of(joined->status())->code == 103);

  const auto published = client.publish("room", "1");
  f.take_answer();
  const auto error = client_error_of(*published);
  REQUIRE(error.has_value());
  CHECK(error->code == 1001);
  CHECK(error->message == "too rude");
  CHECK(error->temporary);

  CHECK(absl::IsUnknown(f.rpc(client).status()));
  CHECK(client.transport->close_reason() == CloseReason{4501, "banned"});
  const auto counters = f.backend->counters();
  CHECK(counters.errors == 2);
  CHECK(counters.disconnects == 1);
}

TEST_CASE("backend: one who may not connect is told why, before he is anybody") {
  BackendFixture f(by_path({{"/connect", R"({"disconnect":{"code":3500,"reason":"whatever"}})"}}));
  const Client client = f.world.open();
  CHECK(absl::IsUnknown(f.connect(client).status()));
  CHECK(client.transport->close_reason() == kInvalidToken);
  CHECK(f.backend->counters().events == 0);
}

TEST_CASE("backend: it is told of those who left a room and of those who went") {
  BackendFixture f(by_path({{"/connect", R"({"result":{"user":"u"}})"}}));
  const Client client = f.enter();
  const std::string begin = BackendFixture::begin(client, "u");
  client.join("room");
  f.take_answer();
  client.leave("room");
  f.world.run();
  CHECK(f.body_of("/unsubscribe") ==
        begin + R"(,"channel":"room","code":0,"reason":"client unsubscribed"})");
  client.session().close({4000, "bye"});
  f.world.run();
  CHECK(f.body_of("/disconnect") == begin + R"(,"code":4000,"reason":"bye"})");
  CHECK(f.backend->counters().events == 2);
}

TEST_CASE("backend: what has no URL stays unset") {
  const auto none = Backend::make({});
  REQUIRE(none.ok());
  const Handlers unset = (*none)->handlers();
  CHECK_FALSE(unset.connect);
  CHECK_FALSE(unset.join);
  CHECK_FALSE(unset.publish);
  CHECK_FALSE(unset.rpc);
  CHECK_FALSE(unset.refresh);
  CHECK_FALSE(unset.leave);
  CHECK_FALSE(unset.disconnect);
  const auto one = Backend::make({.rpc = {.url = "http://localhost/rpc"}});
  REQUIRE(one.ok());
  CHECK((*one)->handlers().rpc);
  CHECK_FALSE((*one)->handlers().connect);
}

TEST_CASE("backend: options that make no sense are refused") {
  const auto refused = [](BackendOptions options) {
    return absl::IsInvalidArgument(Backend::make(std::move(options)).status());
  };
  const std::string url = "http://localhost/";
  CHECK(refused({.connect = {.url = "localhost:3000"}}));
  CHECK(refused({.unsubscribe = {.url = "ftp://localhost/"}}));
  CHECK(refused({.rpc = {.url = url, .timeout = 0s}}));
  CHECK(refused({.rpc = {.url = url, .timeout = 61s}}));
  CHECK(refused({.http = {.headers = {{"a:b", "c"}}}}));
  CHECK(refused({.event_connections_max = 0}));
  CHECK(refused({.pause_min = 0s}));
  CHECK(refused({.pause_min = 2s, .pause_max = 1s}));
  CHECK_FALSE(refused({.rpc = {.url = url, .timeout = 1ms}}));
}

}  // namespace
}  // namespace madang
