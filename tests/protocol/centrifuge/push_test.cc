// SPDX-License-Identifier: Apache-2.0
#include "protocol/centrifuge/client.h"

namespace madang::centrifuge {
namespace {

TEST_CASE("push: a ping is an empty object") {
  ConnectedClient client;
  client.protocol->push_ping();
  CHECK(client.take() == "{}");
}

TEST_CASE("push: a message of the host, in one line") {
  ConnectedClient client;
  client.protocol->push_message("{\n\"a\":1}");
  CHECK(client.take() == R"({"push":{"message":{"data":{"a":1}}}})");
}

TEST_CASE("push: a message of the host that is not JSON is an error of ours (3004)" *
          json_alone()) {
  ConnectedClient client;
  client.protocol->push_message("bytes");
  CHECK(client.take() == "");
  CHECK(client.closed() == 3004);
}

TEST_CASE("push: a join by the server tells the position") {
  ConnectedClient client;
  client.protocol->push_join("r", JoinResult());
  CHECK(client.take() == R"({"push":{"channel":"r","subscribe":{}}})");
  JoinResult joined;
  joined.position = StreamPosition{3, "e"};
  joined.data = "[1]";
  client.protocol->push_join("r\n", joined);
  CHECK(client.take() ==
        R"({"push":{"channel":"r\u000a","subscribe":{"recoverable":true,"epoch":"e","offset":3,)"
        R"("positioned":true,"data":[1]}}})");
}

TEST_CASE("push: what a join by the server recovers follows it, from the position before it") {
  ConnectedClient client;
  JoinResult joined;
  joined.position = StreamPosition{3, "e"};
  joined.recovery_tried = joined.recovered = true;
  joined.messages = {message("2", 2), message("3", 3)};
  client.protocol->push_join("r", joined);
  CHECK(client.take() ==
        "{\"push\":{\"channel\":\"r\",\"subscribe\":{\"recoverable\":true,\"epoch\":\"e\","
        "\"offset\":1,\"positioned\":true}}}\n"
        "{\"push\":{\"channel\":\"r\",\"pub\":{\"data\":2,\"offset\":2}}}\n"
        "{\"push\":{\"channel\":\"r\",\"pub\":{\"data\":3,\"offset\":3}}}");
}

TEST_CASE("push: a leave tells why, but not what the client knows itself") {
  ConnectedClient client;
  client.protocol->push_leave("recovery:a", kLeftBehind);
  CHECK(client.take() == R"({"push":{"channel":"recovery:a","unsubscribe":{"code":2500,)"
                         R"("reason":"insufficient state"}}})");
  client.protocol->push_leave("a", kLeftByServer);
  CHECK(client.take() ==
        R"({"push":{"channel":"a","unsubscribe":{"code":2000,"reason":"server unsubscribe"}}})");
  client.protocol->push_leave("a", kLeftByClient);
  client.protocol->push_leave("a", kLeftWithSession);
  CHECK(client.take() == "");
}

TEST_CASE("push: a refresh tells the new time") {
  ConnectedClient client;
  client.protocol->push_refresh(60);
  CHECK(client.take() == R"({"push":{"refresh":{"expires":true,"ttl":60}}})");
}

TEST_CASE("push: the reason of a close is left to the transport, unless it cannot tell") {
  ConnectedClient client;
  client.session.close(kShutdown);
  client.protocol->push_close(kShutdown);
  CHECK(client.take() == "");

  ConnectedClient stream(SessionOptions{.version = "", .pushes_disconnect = true});
  stream.session.close(kShutdown);
  stream.protocol->push_close(kShutdown);
  CHECK(stream.take() ==
        R"({"push":{"disconnect":{"code":3001,"reason":"shutdown","reconnect":true}}})");
  stream.protocol->push_close(kBadRequest);
  CHECK(stream.take() == R"({"push":{"disconnect":{"code":3501,"reason":"bad request"}}})");
}

TEST_CASE("push: nothing goes to a session that is being closed") {
  ConnectedClient client;
  client.session.close(kShutdown);
  client.protocol->push_ping();
  client.protocol->push_message("1");
  client.protocol->push_leave("a", kLeftByServer);
  client.protocol->push_join("a", JoinResult());
  CHECK(client.take() == "");
}

}  // namespace
}  // namespace madang::centrifuge
