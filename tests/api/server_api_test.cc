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

TEST_CASE("server api: what one client or session of a user is to do is refused, not done to all") {
  Fixture f;
  const Client ann = f.world.enter("ann", "room");
  ann.read();
  for (const std::string method : {"subscribe", "unsubscribe", "disconnect"}) {
    for (const std::string who : {R"("client":"x")", R"("session":"x")"})
      CHECK(f.call(method, R"({"user":"ann","channel":"room",)" + who + "}") == kNotOffered);
  }
  CHECK(f.call("disconnect", R"({"user":"ann","whitelist":["x"]})") == kNotOffered);
  CHECK(f.call("refresh", R"({"user":"ann"})") == kNotOffered);
  CHECK(f.call("channels", "{}") == kNotOffered);
  CHECK(ann.read().empty());
  CHECK(f.world.engine().counters().sessions == 1);
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
