// SPDX-License-Identifier: Apache-2.0
#include "protocol/centrifuge/client.h"

namespace madang::centrifuge {
namespace {

TEST_CASE("subscribe: the host gets room, token and data; the engine what is wanted") {
  ConnectedClient client;
  client.send(R"({"id":2,"subscribe":{"channel":"r","token":"t","data":{"a":1},"join_leave":true,)"
              R"("recover":true,"offset":18446744073709551615,"epoch":"e","positioned":true,)"
              R"("recoverable":true,"flag":1,"type":0,"delta":"fossil","tf":null}})");
  REQUIRE(client.session.joins.asked.size() == 1);
  const auto& command = client.session.joins.asked[0];
  CHECK(command.request.room == "r");
  CHECK(command.request.token == "t");
  CHECK(command.request.data.view() == R"({"a":1})");
  CHECK(command.request.recovers);
  CHECK(command.announcements);
  CHECK(command.since == StreamPosition{18446744073709551615u, "e"});
  CHECK(client.take() == R"({"id":2,"subscribe":{}})");
}

TEST_CASE("subscribe: without recover there is no position to recover from") {
  ConnectedClient client;
  client.send(R"({"id":2,"subscribe":{"channel":"r","offset":5,"epoch":"e"}})");
  client.send(R"({"id":3,"subscribe":{"channel":"r","recover":false,"offset":5}})");
  client.send(R"({"id":4,"subscribe":{"channel":"r","recover":true}})");
  REQUIRE(client.session.joins.asked.size() == 3);
  CHECK_FALSE(client.session.joins.asked[0].since);
  CHECK_FALSE(client.session.joins.asked[1].since);
  CHECK_FALSE(client.session.joins.asked[1].announcements);
  CHECK(client.session.joins.asked[2].since == StreamPosition{});
}

TEST_CASE("subscribe: a room with positions is recoverable and positioned") {
  ConnectedClient client;
  JoinResult joined;
  joined.position = StreamPosition{4, "qFhvXyZa"};
  client.session.joins.at_once = joined;
  CHECK(client.ask(R"({"id":2,"subscribe":{"channel":"recovery:a","flag":1}})") ==
        R"({"id":2,"subscribe":{"recoverable":true,"epoch":"qFhvXyZa","offset":4,)"
        R"("positioned":true}})");
  joined.position->offset = 0;
  client.session.joins.at_once = joined;
  CHECK(client.ask(R"({"id":3,"subscribe":{"channel":"recovery:b"}})") ==
        R"({"id":3,"subscribe":{"recoverable":true,"epoch":"qFhvXyZa","positioned":true}})");
}

TEST_CASE("subscribe: recovered, the position is the one the client sent") {
  ConnectedClient client;
  JoinResult joined;
  joined.position = StreamPosition{7, "qFhvXyZa"};
  joined.recovery_tried = joined.recovered = true;
  joined.messages = {message(R"({"x":3})", 7)};
  client.session.joins.at_once = joined;
  CHECK(client.ask(R"({"id":2,"subscribe":{"channel":"a","recover":true,"offset":6,)"
                   R"("epoch":"qFhvXyZa","flag":1}})") ==
        R"({"id":2,"subscribe":{"recoverable":true,"epoch":"qFhvXyZa",)"
        R"("publications":[{"data":{"x":3},"offset":7}],"recovered":true,"offset":6,)"
        R"("positioned":true,"was_recovering":true}})");

  joined.messages.clear();
  client.session.joins.at_once = joined;
  CHECK(client.ask(R"({"id":3,"subscribe":{"channel":"a","recover":true,"offset":7}})") ==
        R"({"id":3,"subscribe":{"recoverable":true,"epoch":"qFhvXyZa","recovered":true,)"
        R"("offset":7,"positioned":true,"was_recovering":true}})");
}

TEST_CASE("subscribe: not recovered, the position is the newest and nothing comes with it") {
  ConnectedClient client;
  JoinResult joined;
  joined.position = StreamPosition{70, "new"};
  joined.recovery_tried = true;
  client.session.joins.at_once = joined;
  CHECK(client.ask(R"({"id":2,"subscribe":{"channel":"a","recover":true,"offset":6,)"
                   R"("epoch":"old"}})") ==
        R"({"id":2,"subscribe":{"recoverable":true,"epoch":"new","offset":70,)"
        R"("positioned":true,"was_recovering":true}})");
}

TEST_CASE("subscribe: expiry and data are told") {
  ConnectedClient client;
  JoinResult joined;
  joined.ttl_s = 30;
  joined.data = "[ 1 ]";
  client.session.joins.at_once = joined;
  CHECK(client.ask(R"({"id":2,"subscribe":{"channel":"a"}})") ==
        R"({"id":2,"subscribe":{"expires":true,"ttl":30,"data":[ 1 ]}})");
}

TEST_CASE("subscribe: data that is not JSON is an error of ours (3004)" * json_alone()) {
  ConnectedClient client;
  JoinResult joined;
  joined.data = "[\n";
  client.session.joins.at_once = joined;
  CHECK(client.ask(R"({"id":3,"subscribe":{"channel":"a"}})") == "");
  CHECK(client.closed() == 3004);
}

TEST_CASE("subscribe: the reply is written before the callback returns") {
  ConnectedClient client;
  client.session.joins.at_once.reset();
  CHECK(client.ask(R"({"id":2,"subscribe":{"channel":"a"}})") == "");
  client.session.joins.answer(JoinResult());
  CHECK(client.take() == R"({"id":2,"subscribe":{}})");
}

TEST_CASE("subscribe: commands do not wait for each other's answers") {
  ConnectedClient client;
  client.session.joins.at_once.reset();
  client.send("{\"id\":2,\"subscribe\":{\"channel\":\"a\"}}\n{\"id\":3,\"rpc\":{}}");
  CHECK(client.take() == R"({"id":3,"rpc":{"data":null}})");
  client.session.joins.answer(absl::AlreadyExistsError(""));
  CHECK(client.take() == R"({"id":2,"error":{"code":105,"message":"already subscribed"}})");
}

TEST_CASE("subscribe: what is not offered is refused with 108") {
  for (const char* more : {R"("tf":{"key":"a","cmp":"eq"})", R"("type":1)", R"("type":4)",
                           R"("type":-1)", R"("tf":"")"}) {
    CAPTURE(more);
    ConnectedClient client;
    CHECK(client.ask(std::string(R"({"id":2,"subscribe":{"channel":"a",)") + more + "}}") ==
          R"({"id":2,"error":{"code":108,"message":"not available"}})");
    CHECK(client.session.joins.asked.empty());
  }
}

TEST_CASE("subscribe: a room without a name closes with 3501, one with too long a name is 107") {
  for (const char* request : {"subscribe", "unsubscribe", "publish", "presence", "presence_stats",
                              "history", "sub_refresh"}) {
    CAPTURE(request);
    const auto command = [&](const std::string& room) {
      return "{\"id\":2,\"" + std::string(request) + "\":{\"channel\":" + room +
             ",\"token\":\"t\",\"data\":1}}";
    };
    for (const char* room : {"\"\"", "null"}) {
      ConnectedClient client;
      CHECK(client.ask(command(room)) == "");
      CHECK(client.closed() == 3501);
    }
    ConnectedClient client;
    client.send(command('"' + std::string(255, 'r') + '"'));
    CHECK(client.session.errors == 0);
    CHECK(client.closed() == 0);
    client.take();
    CHECK(client.ask(command('"' + std::string(256, 'r') + '"')) ==
          R"({"id":2,"error":{"code":107,"message":"bad request"}})");
    CHECK(client.session.errors == 1);
    CHECK(client.closed() == 0);
  }
}

TEST_CASE("subscribe: escapes in a name are taken for what they stand for") {
  ConnectedClient client;
  client.send(R"({"id":2,"subscribe":{"channel":"a\"\\\/\n\u00e9\ud83d\ude00\u0000z"}})");
  REQUIRE(client.session.joins.asked.size() == 1);
  CHECK(client.session.joins.asked[0].request.room ==
        std::string("a\"\\/\n\xC3\xA9\xF0\x9F\x98\x80\0z", 13));
}

TEST_CASE("unsubscribe: is answered, also where the client never was") {
  ConnectedClient client;
  CHECK(client.ask(R"({"id":2,"unsubscribe":{"channel":"a"}})") == R"({"id":2,"unsubscribe":{}})");
  client.session.leaves.at_once = false;
  CHECK(client.ask(R"({"id":3,"unsubscribe":{"channel":"b"}})") == R"({"id":3,"unsubscribe":{}})");
  client.session.leaves.at_once = absl::NotFoundError("");
  CHECK(client.ask(R"({"id":4,"unsubscribe":{"channel":"c"}})") == R"({"id":4,"unsubscribe":{}})");
  CHECK(client.session.leaves.asked == std::vector<std::string>{"a", "b", "c"});
  CHECK(client.session.errors == 0);
}

}  // namespace
}  // namespace madang::centrifuge
