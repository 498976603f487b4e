// SPDX-License-Identifier: Apache-2.0
#include "madang/base/status.h"
#include "protocol/centrifuge/client.h"

namespace madang::centrifuge {
namespace {

TEST_CASE("connect: any other command before it closes with 3501") {
  for (const char* text : {R"({"id":1,"subscribe":{"channel":"r"}})", R"({"id":1,"rpc":{}})",
                           R"({"send":{"data":1}})", R"({"id":1,"ping":{}})", "{}"}) {
    CAPTURE(text);
    Client client;
    CHECK(client.ask(text) == "");
    CHECK(client.closed() == 3501);
  }
}

TEST_CASE("connect: a second one closes with 3501") {
  ConnectedClient client;
  CHECK(client.ask(R"({"id":2,"connect":{}})") == "");
  CHECK(client.closed() == 3501);
  CHECK(client.session.connects.asked.size() == 1);
}

TEST_CASE("connect: without an id closes with 3501") {
  Client client;
  CHECK(client.ask(R"({"connect":{}})") == "");
  CHECK(client.closed() == 3501);
  CHECK(client.session.connects.asked.empty());
}

TEST_CASE("connect: a binary message closes with 3506" * json_alone()) {
  Client client;
  client.protocol->received(R"({"id":1,"connect":{}})", MessageKind::kBinary);
  CHECK(client.closed() == 3506);
  CHECK(client.session.connects.asked.empty());
}

TEST_CASE("connect: the host gets what the client says of itself") {
  Client client;
  client.send(
      R"({"id":1,"connect":{"token":"t","data":{"a":[1]},"name":"js","version":"5.8.0",)"
      R"("headers":{"h":"v"},"flag":3,"subs":{"a":{"recover":true,"offset":7,"epoch":"e"},)"
      R"("b":{"recover":true},"c":{"offset":3},"d\u0064":{"recover":true,"delta":"fossil"}}}})");
  REQUIRE(client.session.connects.asked.size() == 1);
  const auto& command = client.session.connects.asked[0];
  CHECK(command.request.token == "t");
  CHECK(command.request.data.view() == R"({"a":[1]})");
  CHECK(command.request.client_name == "js");
  CHECK(command.request.client_version == "5.8.0");
  CHECK(command.since.size() == 3);
  CHECK(command.since.at("a") == StreamPosition{7, "e"});
  CHECK(command.since.at("b") == StreamPosition{});
  CHECK(command.since.at("dd") == StreamPosition{});
}

TEST_CASE("connect: rooms that make no sense close with 3501" * json_alone()) {
  for (const char* subs : {"[]", "1", R"({"a":1})", R"({"a":null})", R"({"a":{"offset":-1}})",
                           R"({"a":{"recover":true},"a":{"recover":true}})",
                           R"({"a":{"recover":true,"recover":true}})"}) {
    CAPTURE(subs);
    Client client;
    CHECK(client.ask(std::string(R"({"id":1,"connect":{"subs":)") + subs + "}}") == "");
    CHECK(client.closed() == 3501);
  }
}

TEST_CASE("connect: the reply leaves out what is not so") {
  Client client;
  client.session.connects.at_once = ConnectResult();
  CHECK(client.ask(R"({"id":1,"connect":{}})") ==
        R"({"id":1,"connect":{"client":")" + kNil + R"("}})");
}

TEST_CASE("connect: the reply tells version, expiry, data and how to ping") {
  Client client(SessionOptions{});
  ConnectResult result;
  result.data = "{\n\"a\":1}";
  result.ttl_s = 60;
  result.ping_interval_s = 25;
  client.session.connects.at_once = result;
  CHECK(client.ask(R"({"id":1,"connect":{}})") ==
        R"({"id":1,"connect":{"client":")" + kNil +
            R"(","version":"madang","expires":true,"ttl":60,"ping":25,"pong":true,)" +
            R"("data":{"a":1}}})");
}

TEST_CASE("connect: a client whose connection can only write learns where to hand in commands") {
  Client client(SessionOptions{.version = "", .pushes_disconnect = true});
  client.session.connects.at_once = ConnectResult();
  client.session.transport_info.session = "s\"1";
  client.session.transport_info.node = "n";
  CHECK(client.ask(R"({"id":1,"connect":{}})") ==
        R"({"id":1,"connect":{"client":")" + kNil + R"(","session":"s\"1","node":"n"}})");
}

TEST_CASE("connect: sessions of many kinds side by side, and each tells its own version") {
  const std::vector<std::string> versions = {"1", "22", "333", "4444", "55555", "666666"};
  std::vector<std::unique_ptr<Client>> clients;
  for (int round = 0; round < 2; ++round) {
    for (const std::string& version : versions)
      clients.push_back(std::make_unique<Client>(SessionOptions{.version = version}));
  }
  for (std::size_t i = 0; i < clients.size(); ++i) {
    clients[i]->session.connects.at_once = ConnectResult();
    CHECK(clients[i]->ask(R"({"id":1,"connect":{}})") ==
          R"({"id":1,"connect":{"client":")" + kNil + R"(","version":")" +
              versions[i % versions.size()] + R"("}})");
  }
}

TEST_CASE("connect: server-side rooms come with what was missed, from where the client stood") {
  Client client;
  ConnectResult result;
  JoinResult recovered;
  recovered.position = StreamPosition{9, "e"};
  recovered.recovery_tried = recovered.recovered = true;
  recovered.messages = {message("8", 8), message("9", 9)};
  JoinResult lost;
  lost.position = StreamPosition{5, "f"};
  lost.recovery_tried = true;
  result.rooms = {{"a", recovered}, {"b\"", lost}, {"c", JoinResult()}};
  client.session.connects.at_once = result;
  CHECK(
      client.ask(R"({"id":1,"connect":{"subs":{"a":{"recover":true,"offset":7,"epoch":"e"}}}})") ==
      R"({"id":1,"connect":{"client":")" + kNil + R"(","subs":{)" +
          R"("a":{"recoverable":true,"epoch":"e","publications":[{"data":8,"offset":8},)"
          R"({"data":9,"offset":9}],"recovered":true,"offset":7,"positioned":true,)"
          R"("was_recovering":true},)"
          R"("b\"":{"recoverable":true,"epoch":"f","offset":5,"positioned":true,)"
          R"("was_recovering":true},"c":{}}}})");
}

TEST_CASE("connect: commands after it wait for its answer, across messages, in order") {
  Client client;
  client.session.joins.at_once = JoinResult();
  client.session.publishes.at_once = true;
  CHECK(client.ask("{\"connect\":{},\"id\":1}\n{\"subscribe\":{\"channel\":\"a\"},\"id\":2}\n"
                   "{\"subscribe\":{\"channel\":\"b\"},\"id\":3}\n") == "");
  CHECK(client.ask(R"({"publish":{"channel":"a","data":1},"id":4})") == "");
  CHECK(client.ask(R"({"publish":{"channel":"b","data":1},"id":5})") == "");
  CHECK(client.session.joins.asked.empty());
  CHECK(client.session.commands == 1);
  client.session.connects.answer(ConnectResult());
  CHECK(client.take() == R"({"id":1,"connect":{"client":")" + kNil + "\"}}\n" +
                             "{\"id\":2,\"subscribe\":{}}\n{\"id\":3,\"subscribe\":{}}\n"
                             "{\"id\":4,\"publish\":{}}\n{\"id\":5,\"publish\":{}}");
  CHECK(client.session.joins.asked.size() == 2);
  CHECK(client.closed() == 0);
}

TEST_CASE("connect: refused, it is answered, and any further command closes with 3501") {
  for (const bool same_frame : {false, true}) {
    CAPTURE(same_frame);
    Client client;
    client.session.connects.at_once = absl::PermissionDeniedError("internal words");
    std::string text = R"({"id":1,"connect":{}})";
    if (same_frame) text += "\n{\"id\":2,\"subscribe\":{\"channel\":\"r\"}}";
    CHECK(client.ask(text) == R"({"id":1,"error":{"code":103,"message":"permission denied"}})");
    CHECK(client.closed() == (same_frame ? 3501 : 0));
    CHECK(client.session.errors == 1);
    for (const char* next : {R"({"id":2,"connect":{}})", "{}"}) {
      Client other;
      other.session.ping_outstanding = true;
      other.session.connects.at_once = absl::PermissionDeniedError("");
      other.send(R"({"id":1,"connect":{}})");
      other.take();
      CHECK(other.ask(next) == "");
      CHECK(other.closed() == 3501);
    }
  }
}

TEST_CASE("connect: refused later, what waited closes with 3501 after the error") {
  Client client;
  client.send("{\"id\":1,\"connect\":{}}\n{\"id\":2,\"subscribe\":{\"channel\":\"r\"}}");
  client.session.connects.answer(token_expired_error());
  CHECK(client.take() == R"({"id":1,"error":{"code":109,"message":"token expired"}})");
  CHECK(client.closed() == 3501);
  CHECK(client.session.joins.asked.empty());
}

TEST_CASE("connect: over the rate it is refused for the moment") {
  Client client;
  client.session.admissions = {Admission::kRefuse};
  CHECK(client.ask(R"({"id":1,"connect":{}})") ==
        R"({"id":1,"error":{"code":111,"message":"too many requests","temporary":true}})");
  client.send(R"({"id":2,"rpc":{}})");
  CHECK(client.closed() == 3501);
}

TEST_CASE("connect: a session closed by its handler is answered no more") {
  Client client;
  client.send("{\"id\":1,\"connect\":{}}\n{\"id\":2,\"rpc\":{}}");
  client.session.close(kInvalidToken);
  client.session.connects.answer(absl::InternalError("the handler gave no answer"));
  CHECK(client.take() == "");
  CHECK(client.closed() == 3500);
  CHECK(client.session.rpcs.asked.empty());
}

TEST_CASE("connect: data that is not JSON is an error of ours (3004)" * json_alone()) {
  Client client;
  ConnectResult result;
  result.data = "hello";
  client.session.connects.at_once = result;
  CHECK(client.ask(R"({"id":1,"connect":{}})") == "");
  CHECK(client.closed() == 3004);
}

}  // namespace
}  // namespace madang::centrifuge
