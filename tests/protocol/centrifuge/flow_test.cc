// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "protocol/centrifuge/client.h"

namespace madang::centrifuge {
namespace {

std::string rpc(int id) { return "{\"id\":" + std::to_string(id) + ",\"rpc\":{}}"; }

std::string answered(int id) {
  return "{\"id\":" + std::to_string(id) + ",\"rpc\":{\"data\":null}}";
}

TEST_CASE("flow: several commands of one message are all answered, in order") {
  ConnectedClient client;
  CHECK(client.ask(rpc(2) + "\n" + rpc(3) + "\n" + rpc(4)) ==
        answered(2) + "\n" + answered(3) + "\n" + answered(4));
  CHECK(client.ask(rpc(5) + "\n" + rpc(6) + "\n") == answered(5) + "\n" + answered(6));
  CHECK(client.closed() == 0);
}

TEST_CASE("flow: exactly one line break stands between two commands" * json_alone()) {
  for (const auto& text : {"\n" + rpc(2), rpc(2) + "\n\n" + rpc(3), rpc(2) + "\n\n"}) {
    CAPTURE(text);
    ConnectedClient client;
    client.send(text);
    CHECK(client.closed() == 3501);
    CHECK(client.session.rpcs.asked.size() <= 1);
  }
}

TEST_CASE("flow: a bad command closes, and nothing after it is done") {
  ConnectedClient client;
  client.send(rpc(2) + "\n{\"id\":3}\n" + rpc(4));
  CHECK(client.take() == answered(2));
  CHECK(client.closed() == 3501);
  client.send(rpc(5));
  client.protocol->resume();
  CHECK(client.session.rpcs.asked.size() == 1);
}

TEST_CASE("flow: a command that closes the session is the last") {
  ConnectedClient client;
  client.session.rpcs.at_once.reset();
  client.send(rpc(2));
  client.session.close(kShutdown);
  client.send(rpc(3));
  CHECK(client.session.rpcs.asked.size() == 1);
  client.session.rpcs.answer(Payload("1"));
  CHECK(client.take() == "");
}

TEST_CASE("flow: while the session wants no input the rest waits, and goes on in order") {
  ConnectedClient client;
  client.session.input = false;
  CHECK(client.ask(rpc(2) + "\n" + rpc(3) + "\n") == "");
  CHECK(client.ask(rpc(4) + "\n" + rpc(5)) == "");
  CHECK(client.ask(rpc(6)) == "");
  client.protocol->resume();
  CHECK(client.take() == "");
  client.session.input = true;
  client.protocol->resume();
  CHECK(client.take() == answered(2) + "\n" + answered(3) + "\n" + answered(4) + "\n" +
                             answered(5) + "\n" + answered(6));
  client.protocol->resume();
  CHECK(client.take() == "");
  CHECK(client.ask(rpc(7)) == answered(7));
}

TEST_CASE("flow: the session may stop after every command, and messages may come between") {
  for (int stop_after = 0; stop_after <= 4; ++stop_after) {
    CAPTURE(stop_after);
    ConnectedClient client;
    client.session.joins.at_once.reset();
    std::string text;
    for (int id = 2; id <= 5; ++id) {
      if (id - 2 == stop_after) text += "{\"id\":9,\"subscribe\":{\"channel\":\"a\"}}\n";
      text += rpc(id) + "\n";
    }
    client.session.pause_on_join = true;
    client.send(text);
    CHECK(client.session.rpcs.asked.size() == static_cast<std::size_t>(stop_after));
    client.send(rpc(6));
    CHECK(client.session.rpcs.asked.size() == (stop_after == 4 ? 5u : stop_after));
    client.session.input = true;
    client.protocol->resume();
    CHECK(client.session.rpcs.asked.size() == 5);
    CHECK(client.closed() == 0);
  }
}

TEST_CASE("flow: a blank line is found also where two messages meet in the backlog" *
          json_alone()) {
  ConnectedClient client;
  client.session.input = false;
  client.send(rpc(2) + "\n\n");
  client.send(rpc(3));
  client.session.input = true;
  client.protocol->resume();
  CHECK(client.take() == answered(2));
  CHECK(client.closed() == 3501);
}

TEST_CASE("flow: one message may wait whatever its size, more only up to the bound" *
          json_alone()) {
  const SessionOptions options{.version = "", .backlog_bytes_max = 100};
  ConnectedClient client(options);
  client.session.input = false;
  const std::string large = "{\"id\":2,\"rpc\":{\"method\":\"" + std::string(200, 'm') + "\"}}";
  client.send(large);
  CHECK(client.closed() == 0);
  client.send(rpc(3));
  CHECK(client.closed() == 3013);

  ConnectedClient other(options);
  other.session.input = false;
  std::size_t bytes = 0;
  for (int id = 2; bytes + rpc(id).size() < 96; ++id) {
    other.send(rpc(id));
    bytes += rpc(id).size() + 1;
    REQUIRE(other.closed() == 0);
  }
  other.send(rpc(1000));
  CHECK(other.closed() == 3013);
  other.session.input = true;
  other.protocol->resume();
  CHECK(other.session.rpcs.asked.empty());
}

TEST_CASE("flow: an empty message closes with 3501 even while others wait") {
  ConnectedClient client;
  client.session.input = false;
  client.send(rpc(2));
  client.send("");
  CHECK(client.closed() == 3501);
}

TEST_CASE("flow: an empty command answers a ping, and an unasked one closes with 3501") {
  ConnectedClient client;
  client.session.ping_outstanding = true;
  CHECK(client.ask("{}") == "");
  CHECK(client.session.pongs == 1);
  CHECK(client.session.commands == 0);
  client.session.ping_outstanding = true;
  CHECK(client.ask(rpc(2) + "\n { } \n" + rpc(3)) == answered(2) + "\n" + answered(3));
  CHECK(client.session.pongs == 2);
  client.send("{}");
  CHECK(client.closed() == 3501);
}

TEST_CASE("flow: only servers ping") {
  ConnectedClient client;
  CHECK(client.ask(R"({"id":2,"ping":{}})") == "");
  CHECK(client.closed() == 3501);
}

}  // namespace
}  // namespace madang::centrifuge
