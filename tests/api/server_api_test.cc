// SPDX-License-Identifier: Apache-2.0
#include "madang/protocol/centrifuge/server_api.h"

#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/fixture.h"
#include "madang/base/random.h"

using namespace madang;
using namespace madang::testing;
using centrifuge::ServerApi;
using centrifuge::ServerApiOptions;

namespace {

struct Fixture {
  Fixture() {
    world.rooms.history.messages_max = 100;
    world.rooms.presence = true;
    options.engine = &world.engine();
  }

  // The answer; empty: not yet.
  std::string call(std::string_view method, std::string_view body) {
    auto kept = std::make_shared<std::string>();
    int answers = 0;
    api().call(method, body, [&, kept](std::string json) {
      *kept = std::move(json);
      ++answers;
    });
    world.run();
    CHECK(answers == 1);
    return *kept;
  }
  ServerApi& api() {
    if (!made) made.emplace(options);
    return *made;
  }

  World world;
  ServerApiOptions options;
  std::optional<ServerApi> made;
};

std::string error(int code, const std::string& message) {
  return R"({"error":{"code":)" + std::to_string(code) + R"(,"message":")" + message + R"("}})";
}
const std::string kRefused = error(107, "bad request");
const std::string kNotOffered = error(108, "not available");

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

}  // namespace

TEST_CASE("server api: what is published is delivered, kept and listed") {
  Fixture f;
  const Client ann = f.world.enter("ann", "room");
  ann.read();
  const std::string published =
      f.call("publish", R"({"channel":"room","data":{"x":1},"tags":{"k":"v"},"new":[1]})");
  CHECK(has(published, R"({"result":{"offset":1,"epoch":")"));
  const auto seen = ann.read();
  REQUIRE(seen.size() == 1);
  CHECK(seen[0] == R"(room 1 {"x":1})");
  CHECK(has(f.call("publish", R"({"channel":"room","b64data":"eyJ5IjoyfQ=="})"), R"("offset":2)"));
  CHECK(f.call("publish", R"({"channel":"room","data":3,"skip_history":true})") ==
        R"({"result":{}})");

  const std::string all = f.call("history", R"({"channel":"room","limit":-1})");
  CHECK(has(all, R"("publications":[{"data":{"x":1},"offset":1,"tags":{"k":"v"})"));
  CHECK(has(all, R"({"data":{"y":2},"offset":2})"));
  CHECK(has(all, R"("offset":2})"));
  CHECK(has(f.call("history", R"({"channel":"room","limit":1,"reverse":true})"),
            R"("publications":[{"data":{"y":2},"offset":2}])"));
  CHECK(has(f.call("history", R"({"channel":"room"})"), R"("publications":[])"));
  CHECK(has(f.call("history", R"({"channel":"room","limit":5,"since":{"offset":1,"epoch":"x"}})"),
            R"("code":112)"));
  CHECK(f.call("history_remove", R"({"channel":"room"})") == R"({"result":{}})");
  CHECK(has(f.call("history", R"({"channel":"room","limit":-1})"), R"("publications":[])"));
}

TEST_CASE("server api: a repeated publish has the first one's place") {
  Fixture f;
  const std::string body = R"({"channel":"room","data":1,"idempotency_key":"k"})";
  CHECK(f.call("publish", body) == f.call("publish", body));
}

TEST_CASE("server api: a broadcast answers for each room, in their order") {
  Fixture f;
  const std::string answer = f.call("broadcast", R"({"channels":["a","","b"],"data":{}})");
  CHECK(answer.starts_with(R"({"result":{"responses":[{"result":{"offset":1,"epoch":)"));
  CHECK(has(answer, R"(}},{"error":{"code":107,"message":"bad request"}},{"result":{"offset":1)"));
  CHECK(f.call("broadcast", R"({"channels":[],"data":{}})") == R"({"result":{"responses":[]}})");
}

TEST_CASE("server api: who is in a room, and that nobody is") {
  Fixture f;
  f.world.enter("ann", "room");
  f.world.enter("ann", "room");
  CHECK(f.call("presence_stats", R"({"channel":"room"})") ==
        R"({"result":{"num_clients":2,"num_users":1}})");
  const std::string listed = f.call("presence", R"({"channel":"room"})");
  CHECK(has(listed, R"({"result":{"presence":{")"));
  CHECK(has(listed, R"(:{"user":"ann","client":")"));
  CHECK(f.call("presence", R"({"channel":"empty"})") == R"({"result":{"presence":{}}})");
  CHECK(f.call("presence_stats", R"({"channel":"empty"})") ==
        R"({"result":{"num_clients":0,"num_users":0}})");
  CHECK(has(f.call("info", "{}"), R"("num_clients":2)"));
}

TEST_CASE("server api: a user is put into a room, out of it, and told to go") {
  Fixture f;
  const Client ann = f.world.enter("ann");
  CHECK(f.call("subscribe", R"({"user":"ann","channel":"room"})") == R"({"result":{}})");
  CHECK(ann.read() == std::vector<std::string>{"joined room 0"});
  CHECK(f.call("unsubscribe", R"({"user":"ann","channel":"room"})") == R"({"result":{}})");
  CHECK(ann.read() == std::vector<std::string>{"left room 2000"});
  CHECK(f.call("disconnect", R"({"user":"ann","disconnect":{"code":4001,"reason":"x"}})") ==
        R"({"result":{}})");
  CHECK(f.world.engine().counters().sessions == 0);
}

TEST_CASE("server api: one client of a user is meant alone, or is left out") {
  Fixture f;
  const Client phone = f.world.enter("ann", "room");
  const Client laptop = f.world.enter("ann", "room");
  phone.read();
  laptop.read();
  const std::string id = phone.session().client().text();
  CHECK(f.call("unsubscribe", R"({"user":"ann","channel":"room","client":")" + id + R"("})") ==
        R"({"result":{}})");
  CHECK(phone.read() == std::vector<std::string>{"left room 2000"});
  CHECK(f.call("subscribe", R"({"user":"ann","channel":"new","client":")" + id + R"("})") ==
        R"({"result":{}})");
  CHECK(phone.read() == std::vector<std::string>{"joined new 0"});
  CHECK(laptop.read().empty());
  CHECK(f.call("disconnect", R"({"user":"bob","client":")" + id + R"("})") == R"({"result":{}})");
  CHECK(f.world.engine().counters().sessions == 2);
  CHECK(f.call("disconnect", R"({"user":"ann","whitelist":[")" + id + R"("]})") ==
        R"({"result":{}})");
  CHECK(laptop.transport->ended());
  CHECK_FALSE(phone.transport->ended());
}

TEST_CASE("server api: a client or session that can not be meant is refused, not taken for all") {
  Fixture f;
  const Client ann = f.world.enter("ann", "room");
  ann.read();
  for (const std::string method : {"subscribe", "unsubscribe", "refresh", "disconnect"}) {
    const auto call = [&](const std::string& who) {
      return f.call(method, R"({"user":"ann","channel":"room",)" + who + "}");
    };
    CHECK(call(R"("client":"x")") == kRefused);
    CHECK(call(R"("session":"x")") == kNotOffered);
  }
  CHECK(f.call("disconnect", R"({"user":"ann","whitelist":["x"]})") == kRefused);
  CHECK(f.call("disconnect", R"({"user":"ann","whitelist":[1]})") == kRefused);
  CHECK(f.call("refresh", R"({})") == kRefused);
  CHECK(ann.read().empty());
  CHECK(f.world.engine().counters().sessions == 1);
}

TEST_CASE("server api: credentials get another end, which the client is told") {
  Fixture f;
  const Client ann = f.world.enter("ann");
  const auto in_a_minute =
      std::chrono::duration_cast<std::chrono::seconds>(
          (f.world.clock.wall_now() + std::chrono::minutes(1)).time_since_epoch())
          .count();
  CHECK(f.call("refresh", R"({"user":"ann","expire_at":)" + std::to_string(in_a_minute) + "}") ==
        R"({"result":{}})");
  CHECK(ann.read() == std::vector<std::string>{"refresh 60"});
  CHECK(f.call("refresh", R"({"user":"ann","expire_at":0})") == R"({"result":{}})");
  CHECK(ann.read().empty());
  CHECK_FALSE(ann.transport->ended());
  CHECK(f.call("refresh", R"({"user":"ann","expire_at":1})") == R"({"result":{}})");
  CHECK(ann.transport->close_reason() == kExpired);
  const Client bob = f.world.enter("bob");
  CHECK(f.call("refresh", R"({"user":"bob","expired":true})") == R"({"result":{}})");
  CHECK(bob.transport->close_reason() == kExpired);
}

TEST_CASE("server api: rooms that somebody is in are listed by a pattern, up to a bound") {
  Fixture f;
  f.world.enter("ann", "chat:1");
  f.world.enter("bob", "chat:1");
  f.world.enter("bob", "news:1");
  REQUIRE(f.world.publish("chat:empty", "1").ok());
  CHECK(f.call("channels", R"({"pattern":"chat:*"})") ==
        R"({"result":{"channels":{"chat:1":{"num_clients":2}}}})");
  const std::string all = f.call("channels", "{}");
  CHECK(has(all, R"("chat:1":{"num_clients":2})"));
  CHECK(has(all, R"("news:1":{"num_clients":1})"));
  CHECK_FALSE(has(all, "empty"));
  CHECK(f.call("channels", R"({"pattern":"x"})") == R"({"result":{"channels":{}}})");
}

TEST_CASE("server api: an rpc is the host's, at once or later, and 108 where there is none") {
  Fixture f;
  CHECK(f.call("rpc", R"({"method":"m"})") == kNotOffered);
  Fixture g;
  Callback<Payload> later;
  g.options.rpc = [&](std::string method, Payload params, Callback<Payload> done) {
    if (method == "later") {
      later = std::move(done);
    } else if (method == "echo") {
      done(std::move(params));
    } else {
      done(client_error({.code = 1234, .message = "own"}));
    }
  };
  CHECK(g.call("rpc", R"({"method":"echo","data":[1, 2]})") == R"({"result":{"data":[1, 2]}})");
  CHECK(g.call("rpc", R"({"method":"echo","params":"p"})") == R"({"result":{"data":"p"}})");
  CHECK(g.call("rpc", R"({"method":"bad"})") == error(1234, "own"));
  std::string answer;
  g.api().call("rpc", R"({"method":"later"})", [&](std::string json) { answer = std::move(json); });
  CHECK(answer.empty());
  later(Payload("not JSON"));
  CHECK(has(answer, R"("code":100)"));
}

TEST_CASE("server api: a batch answers for each command, in their order") {
  Fixture f;
  const std::string answer = f.call("batch", R"({"commands":[
      {"publish":{"channel":"room","data":1}},
      {"presence_stats":{"channel":"room"}},
      {"nothing":{}},
      {"batch":{"commands":[]}},
      {},
      {"history":{"channel":"room","limit":1}}],"parallel":true})");
  CHECK(answer.starts_with(R"({"result":{"replies":[{"publish":{"offset":1,"epoch":)"));
  CHECK(has(answer, R"({"presence_stats":{"num_clients":0,"num_users":0}})"));
  const std::string refused = R"({"error":{"code":107,"message":"bad request"}})";
  CHECK(has(answer, refused + "," + refused + "," + refused + ",{\"history\":{"));
}

TEST_CASE("server api: more commands or rooms than may come at once are refused as a whole") {
  Fixture f;
  f.options.commands_max = 3;
  const auto many = [](const std::string& one, int count) {
    std::string list = one;
    for (int i = 1; i < count; ++i)
      list += "," + one;
    return "[" + list + "]";
  };
  const std::string command = R"({"publish":{"channel":"room","data":1}})";
  CHECK(f.call("batch", "{\"commands\":" + many(command, 4) + "}") == error(106, "limit exceeded"));
  CHECK(f.call("broadcast", "{\"data\":1,\"channels\":" + many("\"room\"", 10'000) + "}") ==
        error(106, "limit exceeded"));
  CHECK(f.world.engine().counters().published == 0);
  CHECK(has(f.call("batch", "{\"commands\":" + many(command, 3) + "}"), R"("offset":3)"));
}

TEST_CASE("server api: what is not the JSON of a method is 107 and changes nothing") {
  Fixture f;
  const Client ann = f.world.enter("ann", "room");
  for (const std::string body :
       {"", " ", "null", "[]", "1", "{", "{}x", R"({"channel":"room"})", R"({"data":1})",
        R"({"channel":1,"data":1})", R"({"channel":"room","data":1}{})",
        R"({"channel":"room","data":1,"tags":{"a":1}})", R"({"channel":"room","data":nul})",
        R"({"channel":"room","b64data":"***"})", R"({"channel":"room","data":1,"channel":"b"})",
        "{\"channel\":\"room\",\"data\":\"\xff\"}", R"({"channel":"","data":1})"}) {
    CAPTURE(body);
    CHECK(f.call("publish", body) == kRefused);
  }
  CHECK(f.call("publish", R"({"channel":"room","data":)" + std::string(1000, '[') +
                              std::string(1000, ']') + "}") == kRefused);
  CHECK(f.call("disconnect", R"({"user":"ann","disconnect":{"code":1}})") == kRefused);
  CHECK(f.call("disconnect", "{}") == kRefused);
  CHECK(f.call("subscribe", R"({"channel":"room"})") == kRefused);
  CHECK(f.call("nothing", "{}") == kNotOffered);
  CHECK(f.world.engine().counters().published == 0);
  CHECK(f.world.engine().counters().sessions == 1);
}

TEST_CASE("server api: any damage to a good body is answered once, and harms nobody") {
  Fixture f;
  SeededRandom random(3);
  const std::string good =
      R"({"commands":[{"publish":{"channel":"r","data":{"a":[1]},"tags":{"k":"v"}}},)"
      R"({"broadcast":{"channels":["a","b"],"data":1}},{"history":{"channel":"r","limit":2}}]})";
  for (std::size_t i = 0; i < good.size(); ++i)
    CHECK(has(f.call("batch", good.substr(0, i)), R"("code":107)"));
  for (int round = 0; round < 3000; ++round) {
    std::string body = good;
    body[random.below(body.size())] = static_cast<char>(random.next());
    const std::string answer = f.call("batch", body);
    CHECK((answer.starts_with(R"({"result":)") || answer.starts_with(R"({"error":)")));
  }
}
