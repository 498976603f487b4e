// SPDX-License-Identifier: Apache-2.0
#include "protocol/centrifuge/client.h"

namespace madang::centrifuge {
namespace {

TEST_CASE("publish: the engine gets room and data, and the answer is empty") {
  ConnectedClient client;
  CHECK(client.ask(R"({"publish":{"channel":"recovery:a","data":{"x":2}},"id":3})") ==
        R"({"id":3,"publish":{}})");
  REQUIRE(client.session.publishes.asked.size() == 1);
  CHECK(client.session.publishes.asked[0].room == "recovery:a");
  CHECK(client.session.publishes.asked[0].data.view() == R"({"x":2})");
}

TEST_CASE("publish: refused by the host is 103") {
  ConnectedClient client;
  client.session.publishes.at_once = absl::PermissionDeniedError("secret");
  CHECK(client.ask(R"({"publish":{"channel":"a","data":1},"id":3})") ==
        R"({"id":3,"error":{"code":103,"message":"permission denied"}})");
}

TEST_CASE("publish: by key, or of a kind, is not offered (108)") {
  for (const char* more : {R"("type":1)", R"("key":"k")", R"("removed":true)"}) {
    CAPTURE(more);
    ConnectedClient client;
    CHECK(client.ask(std::string(R"({"id":2,"publish":{"channel":"a","data":1,)") + more + "}}") ==
          R"({"id":2,"error":{"code":108,"message":"not available"}})");
    CHECK(client.session.publishes.asked.empty());
  }
}

TEST_CASE("rpc: the host gets method and data, and its answer goes back") {
  ConnectedClient client;
  client.session.rpcs.at_once.reset();
  client.send(R"({"id":2,"rpc":{"method":"sum","data":[1,2]}})");
  client.send(R"({"id":3,"rpc":{}})");
  REQUIRE(client.session.rpcs.asked.size() == 2);
  CHECK(client.session.rpcs.asked[0].method == "sum");
  CHECK(client.session.rpcs.asked[0].data.view() == "[1,2]");
  CHECK(client.session.rpcs.asked[1].data.empty());
  client.session.rpcs.answer(Payload("{\r\n\"sum\":3\n}"));
  client.session.rpcs.answer(Payload());
  CHECK(client.take() == "{\"id\":2,\"rpc\":{\"data\":{\"sum\":3}}}\n{\"id\":3,\"rpc\":{}}");
}

TEST_CASE("rpc: an answer that is not JSON is an error of ours (100)" * json_alone()) {
  ConnectedClient client;
  for (const char* data : {"hello", "{", "1 2", "\"\xFF\"", "\n"}) {
    CAPTURE(data);
    client.session.rpcs.at_once = Payload(data);
    CHECK(client.ask(R"({"id":2,"rpc":{}})") ==
          R"({"id":2,"error":{"code":100,"message":"internal server error","temporary":true}})");
  }
  CHECK(client.closed() == 0);
}

TEST_CASE("refresh: is answered with the new time") {
  ConnectedClient client(SessionOptions{});
  client.session.refreshes.at_once = RefreshResult{.ttl_s = 60};
  CHECK(client.ask(R"({"id":2,"refresh":{"token":"t"}})") ==
        R"({"id":2,"refresh":{"client":")" + kNil +
            R"(","version":"madang","expires":true,"ttl":60}})");
  CHECK(client.ask(R"({"id":3,"sub_refresh":{"channel":"r","token":"u"}})") ==
        R"({"id":3,"sub_refresh":{"expires":true,"ttl":60}})");
  client.session.refreshes.at_once = RefreshResult();
  CHECK(client.ask(R"({"id":4,"sub_refresh":{"channel":"r","token":"u"}})") ==
        R"({"id":4,"sub_refresh":{}})");
  REQUIRE(client.session.refreshes.asked.size() == 3);
  CHECK(client.session.refreshes.asked[0].room == "");
  CHECK(client.session.refreshes.asked[0].token == "t");
  CHECK(client.session.refreshes.asked[1].room == "r");
  CHECK(client.session.refreshes.asked[1].token == "u");
}

TEST_CASE("refresh: without a token closes with 3501, for it would look like the engine's own") {
  for (const char* text : {R"({"id":2,"refresh":{}})", R"({"id":2,"refresh":{"token":""}})",
                           R"({"id":2,"sub_refresh":{"channel":"r"}})"}) {
    CAPTURE(text);
    ConnectedClient client;
    CHECK(client.ask(text) == "");
    CHECK(client.closed() == 3501);
    CHECK(client.session.refreshes.asked.empty());
  }
}

TEST_CASE("refresh: tracking of keys is not offered (108)") {
  for (const char* more : {R"("type":1)", R"("track":[{}])", R"("untrack":["k"])"}) {
    CAPTURE(more);
    ConnectedClient client;
    CHECK(client.ask(std::string(R"({"id":2,"sub_refresh":{"channel":"a","token":"t",)") + more +
                     "}}") == R"({"id":2,"error":{"code":108,"message":"not available"}})");
  }
}

TEST_CASE("refresh: tracking of no keys is not offered either" * json_alone()) {
  for (const char* more : {R"("track":[])", R"("untrack":[])"}) {
    CAPTURE(more);
    ConnectedClient client;
    CHECK(client.ask(std::string(R"({"id":2,"sub_refresh":{"channel":"a","token":"t",)") + more +
                     "}}") == R"({"id":2,"error":{"code":108,"message":"not available"}})");
  }
}

}  // namespace
}  // namespace madang::centrifuge
