// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "protocol/centrifuge/client.h"

namespace madang::centrifuge {
namespace {

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

TEST_CASE("command: what is not a command closes with 3501") {
  for (const std::string text : {"",
                                 "\n",
                                 "x",
                                 "[]",
                                 "[{}]",
                                 "1",
                                 "null",
                                 "\"{}\"",
                                 "{",
                                 "}",
                                 "{}}",
                                 "{{}",
                                 "{} {}",
                                 "{},",
                                 R"({"id":2,"publish":{"channel":"r","data":{"a":1})",
                                 R"({"id":2,"publish":{"channel":"r)",
                                 R"({"id":2,"publish":{"channel":"r","data":1}} x)",
                                 R"({"id":2 "rpc":{}})",
                                 R"({"id":2,"rpc":{},})",
                                 R"({"id":2,"rpc":[]})",
                                 R"({"id":2,"rpc":1})",
                                 R"({"id":2,"rpc":"x"})",
                                 R"({"id":2,"rpc"})",
                                 R"({id:2,"rpc":{}})",
                                 R"(,{"id":2,"rpc":{}})",
                                 "{\"id\":2,\"rpc\":{\"method\":\"\xFF\"}}",
                                 "{\"id\":2,\"rpc\":{\"method\":\"\t\"}}",
                                 R"({"id":2,"rpc":{"method":"\x"}})",
                                 R"({"id":2,"rpc":{"method":"\ud800"}})",
                                 R"({"id":2,"rpc":{"method":"\udc00"}})",
                                 R"({"id":2,"rpc":{"method":5}})",
                                 R"({"id":2,"rpc":{"data":tru}})",
                                 R"({"id":2,"rpc":{"data":[}}})",
                                 R"({"id":2,"rpc":{"data":}})"}) {
    CAPTURE(text);
    ConnectedClient client;
    CHECK(client.ask(text) == "");
    CHECK(client.closed() == 3501);
    CHECK(client.session.rpcs.asked.empty());
  }
}

TEST_CASE("command: an unknown or missing request closes with 3501") {
  for (const std::string text : {R"({"id":2})", R"({"id":2,"nosuch":{}})", R"({"nosuch":{}})",
                                 R"({"id":0})", R"({"id":2,"rpc":null})", R"({"rpc":null})"}) {
    CAPTURE(text);
    ConnectedClient client;
    client.session.ping_outstanding = true;
    CHECK(client.ask(text) == "");
    CHECK(client.closed() == 3501);
  }
}

TEST_CASE("command: every prefix of one closes with 3501 and does nothing") {
  const std::string whole = R"({"id":7,"rpc":{"method":"m","data":{"a":[1,"x\n"]}}})";
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    ConnectedClient client;
    CHECK(client.ask(whole.substr(0, size)) == "");
    CHECK(client.closed() == 3501);
    CHECK(client.session.rpcs.asked.empty());
  }
  ConnectedClient client;
  CHECK(client.ask(whole) == R"({"id":7,"rpc":{"data":null}})");
}

TEST_CASE("command: only send needs no id") {
  for (const char* request :
       {R"({"subscribe":{"channel":"r"}})", R"({"unsubscribe":{"channel":"r"}})",
        R"({"publish":{"channel":"r","data":1}})", R"({"presence":{"channel":"r"}})",
        R"({"presence_stats":{"channel":"r"}})", R"({"history":{"channel":"r"}})",
        R"({"rpc":{"method":"m"}})", R"({"refresh":{"token":"t"}})",
        R"({"sub_refresh":{"channel":"r","token":"t"}})", R"({"id":0,"rpc":{}})"}) {
    CAPTURE(request);
    ConnectedClient client;
    CHECK(client.ask(request) == "");
    CHECK(client.closed() == 3501);
  }
  ConnectedClient client;
  CHECK(client.ask(R"({"send":{"data":{"x":1}}})") == "");
  CHECK(client.ask(R"({"id":9,"send":{"data":[2]}})") == "");
  CHECK(client.closed() == 0);
  REQUIRE(client.session.messages.size() == 2);
  CHECK(client.session.messages[0].view() == R"({"x":1})");
  CHECK(client.session.messages[1].view() == "[2]");
}

TEST_CASE("command: an id is any number of 32 bits and is echoed") {
  ConnectedClient client;
  CHECK(client.ask(R"({"id":4294967295,"rpc":{}})") == R"({"id":4294967295,"rpc":{"data":null}})");
  for (const char* id : {"4294967296", "18446744073709551616", "1e400", "-1", "1.0", "1e2", "01",
                         "\"2\"", "true", "[2]", "99999999999999999999999999999999"}) {
    CAPTURE(id);
    ConnectedClient other;
    CHECK(other.ask(std::string(R"({"rpc":{},"id":)") + id + "}") == "");
    CHECK(other.closed() == 3501);
  }
}

TEST_CASE("command: the first request in the protocol's order wins, null is none") {
  ConnectedClient client;
  client.send(R"({"rpc":{"method":"m"},"publish":{"channel":"r","data":1},"id":2})");
  CHECK(client.take() == R"({"id":2,"publish":{}})");
  CHECK(client.session.rpcs.asked.empty());
  client.send(R"({"publish":null,"id":3,"rpc":{"method":"m"},"connect":null})");
  CHECK(client.take() == R"({"id":3,"rpc":{"data":null}})");
}

TEST_CASE("command: members unknown to us are ignored, if they are JSON") {
  ConnectedClient client;
  CHECK(client.ask(R"({"id":2,"a":{"b":[1,{}]},"rpc":{"method":"m","c":null,"d":"x"},"e":-1.5})") ==
        R"({"id":2,"rpc":{"data":null}})");
  CHECK(client.ask(" {\t\"id\" : 3 , \"rpc\" : { } , \"z\" : [ ] } \r\n") ==
        R"({"id":3,"rpc":{"data":null}})");
  for (const char* text : {R"({"id":2,"rpc":{},"a":tru})", R"({"id":2,"rpc":{"a":[1,]}})",
                           R"({"id":2,"rpc":{"a":{]}})", R"({"id":2,"a":"\q","rpc":{}})",
                           R"({"id":2,"a":01,"rpc":{}})"}) {
    CAPTURE(text);
    ConnectedClient other;
    CHECK(other.ask(text) == "");
    CHECK(other.closed() == 3501);
  }
}

TEST_CASE("command: a key twice closes with 3501, however it is written") {
  for (const char* text :
       {R"({"id":2,"rpc":{},"id":2})", R"({"id":2,"rpc":{},"rpc":{}})",
        R"({"id":2,"rpc":{"method":"a","method":"b"}})",
        R"({"id":2,"rpc":{"data":1,"d\u0061ta":2}})", R"({"id":2,"rpc":null,"rpc":{}})"}) {
    CAPTURE(text);
    ConnectedClient client;
    CHECK(client.ask(text) == "");
    CHECK(client.closed() == 3501);
  }
}

TEST_CASE("command: depth above 32 is refused wherever it is, also ten thousand") {
  for (const std::size_t depth : {std::size_t{33}, std::size_t{10'000}}) {
    CAPTURE(depth);
    for (const auto& text : {R"({"id":2,"rpc":{"data":)" + nested(depth) + "}}",
                             R"({"id":2,"rpc":{},"a":)" + nested(depth) + "}", nested(depth),
                             R"({"id":2,"rpc":)" + nested(depth) + "}"}) {
      ConnectedClient client;
      CHECK(client.ask(text) == "");
      CHECK(client.closed() == 3501);
    }
  }
  ConnectedClient client;
  client.send(R"({"id":2,"rpc":{"data":)" + nested(31) + "}}");
  REQUIRE(client.session.rpcs.asked.size() == 1);
  CHECK(client.session.rpcs.asked[0].data.view() == nested(31));
}

TEST_CASE("command: a payload goes on byte by byte as it came, without white space around it") {
  ConnectedClient client;
  for (const char* data : {"null", "true", "12", "-0.50e+1", R"("a\u0000\/")", "[ 1,\t2 ]", "{}",
                           R"({"a" : "\ud83d\ude00"})", "\"\u00e9\""}) {
    CAPTURE(data);
    client.session.rpcs.asked.clear();
    client.session.publishes.asked.clear();
    client.send(std::string(R"({"id":2,"rpc":{"data": )") + data + " }}");
    client.send(std::string(R"({"id":3,"publish":{"channel":"r","data":)") + data + " \t}}");
    REQUIRE(client.closed() == 0);
    REQUIRE(client.session.rpcs.asked.size() == 1);
    CHECK(client.session.rpcs.asked[0].data.view() == data);
    REQUIRE(client.session.publishes.asked.size() == 1);
    CHECK(client.session.publishes.asked[0].data.view() == data);
  }
}

TEST_CASE("command: a message larger than what a reader keeps is read all the same") {
  ConnectedClient client;
  const std::string data = '"' + std::string(600 * 1024, 'x') + '"';
  client.send(R"({"id":2,"rpc":{"data":)" + data + "}}");
  REQUIRE(client.session.rpcs.asked.size() == 1);
  CHECK(client.session.rpcs.asked[0].data.view() == data);
}

}  // namespace
}  // namespace madang::centrifuge
