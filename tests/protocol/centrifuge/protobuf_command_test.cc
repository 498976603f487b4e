// SPDX-License-Identifier: Apache-2.0

// What only Protobuf can get wrong.

#include <string>

#include "madang/base/status.h"
#include "protocol/centrifuge/client.h"
#include "protocol/centrifuge/protobuf_bytes.h"

namespace madang::centrifuge {
namespace {

// Requests by their fields, and the wire type that each should have.
struct Known {
  unsigned request;
  std::vector<std::pair<unsigned, unsigned>> fields;
};
const std::vector<Known> kKnown = {
    {4, {{1, 2}, {2, 2}, {3, 2}, {4, 2}, {5, 2}}},
    {5, {{1, 2}, {2, 2}, {3, 0}, {6, 2}, {7, 0}, {8, 2}, {11, 0}, {12, 2}, {13, 2}, {15, 0}}},
    {6, {{1, 2}}},
    {7, {{1, 2}, {2, 2}, {3, 0}, {4, 2}, {5, 0}}},
    {8, {{1, 2}}},
    {9, {{1, 2}}},
    {10, {{1, 2}, {7, 0}, {8, 2}, {9, 0}}},
    {11, {}},
    {12, {{1, 2}}},
    {13, {{1, 2}, {2, 2}}},
    {14, {{1, 2}}},
    {15, {{1, 2}, {2, 2}, {3, 0}, {4, 2}, {5, 2}}},
};

constexpr unsigned kWireTypes[] = {0, 1, 2, 3, 5};

std::string rpc_command() {
  return reference::command(R"({"id":7,"rpc":{"method":"m","data":[1,"x"]}})");
}
const std::string kAnswered = R"({"id":7,"rpc":{"data":null}})";

std::uint32_t closed_by(const std::string& message) {
  ConnectedClient client;
  client.session.ping_outstanding = true;
  client.session.presences.at_once = std::vector<ClientInfoRef>();
  client.session.stats.at_once = PresenceStats();
  client.session.histories.at_once = HistoryResult();
  client.protocol->received(message, MessageKind::kBinary);
  return client.closed();
}

TEST_CASE("protobuf: a message of text closes with 3506, whatever is in it") {
  for (const std::string& text : {std::string(R"({"id":1,"connect":{}})"), std::string()}) {
    Client client;
    client.protocol->received(text, MessageKind::kText);
    CHECK(client.closed() == 3506);
    CHECK(client.session.connects.asked.empty());
  }
}

TEST_CASE("protobuf: a message without a command closes with 3501") {
  CHECK(closed_by("") == 3501);
  CHECK(closed_by(framed(tag(1, 0) + varint(7))) == 3501);        // an id alone
  CHECK(closed_by(framed(tag(200, 2) + framed("new"))) == 3501);  // a request of the future
  CHECK(closed_by(framed(tag(11, 2) + framed("") + tag(1, 0) + varint(1))) == 3501);  // a ping
}

TEST_CASE("protobuf: every prefix of a message closes with 3501 and does nothing") {
  const std::string whole = framed(rpc_command());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    ConnectedClient client;
    client.protocol->received(std::string_view(whole).substr(0, size), MessageKind::kBinary);
    CHECK(client.closed() == 3501);
    CHECK(client.session.rpcs.asked.empty());
  }
  // And so does a command that is cut off, behind a length that is right.
  const std::string command = rpc_command();
  for (std::size_t size = 1; size < command.size(); ++size) {
    CAPTURE(size);
    ConnectedClient client;
    client.protocol->received(framed(command.substr(0, size)), MessageKind::kBinary);
    CHECK(client.closed() == 3501);
    CHECK(client.session.rpcs.asked.empty());
  }
  ConnectedClient client;
  client.protocol->received(whole, MessageKind::kBinary);
  CHECK(client.take() == kAnswered);
}

TEST_CASE("protobuf: a length past the end, or above 64 bits, closes with 3501") {
  const std::string ff(9, '\xFF');
  for (const std::string& length :
       {varint(rpc_command().size() + 1), varint(0x7fffffff), varint(0x80000000),
        varint(0xffffffff), varint(0x100000000), varint(0x7fffffffffffffff),
        varint(0xffffffffffffffff), ff + "\x02", ff + "\x7F", ff + "\xFF", ff + "\xFF\x01",
        std::string("\x80"), ff}) {
    CAPTURE(length.size());
    CHECK(closed_by(length + rpc_command()) == 3501);
    CHECK(closed_by(framed(tag(13, 2) + length + "x") + framed(rpc_command())) == 3501);
  }
}

TEST_CASE("protobuf: a length may be longer than it needs to be") {
  ConnectedClient client;
  std::string length = varint(rpc_command().size());
  length.back() = static_cast<char>(length.back() | 0x80);
  length += std::string("\x80\x00", 2);
  client.protocol->received(length + rpc_command(), MessageKind::kBinary);
  CHECK(client.take() == kAnswered);
}

TEST_CASE("protobuf: a field of the protocol with another wire type closes with 3501") {
  int tried = 0;
  for (const Known& known : kKnown) {
    for (const unsigned type : kWireTypes) {
      if (type == 2) continue;
      CAPTURE(known.request);
      CAPTURE(type);
      CHECK(closed_by(framed(rpc_command() + value(known.request, type))) == 3501);
      ++tried;
    }
    for (const auto& [number, right_type] : known.fields) {
      for (const unsigned type : kWireTypes) {
        if (type == right_type) continue;
        CAPTURE(known.request);
        CAPTURE(number);
        CAPTURE(type);
        const std::string request = tag(known.request, 2) + framed(value(number, type));
        CHECK(closed_by(framed(tag(1, 0) + varint(7) + request + rpc_command())) == 3501);
        ++tried;
      }
    }
  }
  for (const unsigned type : {1u, 2u, 3u, 5u})
    CHECK(closed_by(framed(rpc_command() + value(1, type))) == 3501);
  CHECK(tried > 150);
  // Inside of what is inside: a room of connect, the position of history.
  const std::string wrong = value(7, 2) + value(1, 2);
  CHECK(closed_by(framed(rpc_command() + tag(10, 2) + framed(tag(8, 2) + framed(value(1, 5))))) ==
        3501);
  Client client;
  const std::string room = tag(1, 2) + framed("r") + tag(2, 2) + framed(wrong);
  client.protocol->received(framed(value(1, 0) + tag(4, 2) + framed(tag(3, 2) + framed(room))),
                            MessageKind::kBinary);
  CHECK(client.closed() == 3501);
}

TEST_CASE("protobuf: fields unknown to us are ignored wherever they are") {
  for (const unsigned type : kWireTypes) {
    for (const unsigned number : {20u, 31u, 32u, 1000u, 536'870'911u}) {
      CAPTURE(type);
      CAPTURE(number);
      ConnectedClient client;
      const std::string more = value(number, type);
      client.protocol->received(
          framed(more + tag(1, 0) + varint(7) + tag(13, 2) + framed(more + value(2, 2)) + more),
          MessageKind::kBinary);
      CHECK(client.closed() == 0);
      CHECK(client.take() == kAnswered);
    }
  }
  // A group holds fields of its own, whatever their numbers.
  const std::string group = tag(20, 3) + value(1, 2) + value(13, 0) + tag(20, 4);
  CHECK(closed_by(framed(rpc_command() + group)) == 0);
}

TEST_CASE("protobuf: what is no Protobuf closes with 3501") {
  for (const std::string& bad : {tag(20, 4), tag(20, 3), tag(20, 3) + tag(21, 4), tag(20, 6),
                                 tag(20, 7), tag(0, 2) + framed("x"), tag(20, 1) + "1234567",
                                 tag(20, 5) + "123", std::string("\x00", 1)}) {
    CAPTURE(bad.size());
    CHECK(closed_by(framed(rpc_command() + bad)) == 3501);
  }
}

TEST_CASE("protobuf: nesting without end closes with 3501, and does not recurse") {
  for (const int depth : {101, 10'000}) {
    std::string groups;
    for (int i = 0; i < depth; ++i)
      groups += tag(20, 3);
    for (int i = 0; i < depth; ++i)
      groups += tag(20, 4);
    CHECK(closed_by(framed(rpc_command() + groups)) == 3501);
  }
}

TEST_CASE("protobuf: text that is not UTF-8 closes with 3501") {
  for (const Known& known : kKnown) {
    for (const auto& [number, type] : known.fields) {
      const bool bytes = (known.request == 7 && number == 2) || known.request == 12 ||
                         (known.request == 13 && number == 1) ||
                         (known.request == 5 && (number == 8 || number >= 12)) ||
                         (known.request == 15 && number >= 3) || known.request == 4;
      if (type != 2 || bytes || (known.request == 10 && number == 8)) continue;
      CAPTURE(known.request);
      CAPTURE(number);
      std::string request = tag(number, 2) + framed("\xED\xA0\x80");
      if (number != 1) request += tag(1, 2) + framed("r");
      CHECK(closed_by(framed(value(1, 0) + tag(known.request, 2) + framed(request))) == 3501);
    }
  }
  for (const unsigned number : {1u, 4u, 5u}) {
    Client client;
    client.protocol->received(
        framed(value(1, 0) + tag(4, 2) + framed(tag(number, 2) + framed("\xFF"))),
        MessageKind::kBinary);
    CHECK(client.closed() == 3501);
  }
  for (const std::string& room :
       {tag(1, 2) + framed("\xFF"),
        tag(1, 2) + framed("r") + tag(2, 2) + framed(tag(6, 2) + framed("\xFF"))}) {
    Client client;
    client.protocol->received(framed(value(1, 0) + tag(4, 2) + framed(tag(3, 2) + framed(room))),
                              MessageKind::kBinary);
    CHECK(client.closed() == 3501);
  }
}

TEST_CASE("protobuf: only send needs no id") {
  for (const char* request :
       {R"({"connect":{}})", R"({"subscribe":{"channel":"r"}})",
        R"({"unsubscribe":{"channel":"r"}})", R"({"publish":{"channel":"r","data":1}})",
        R"({"presence":{"channel":"r"}})", R"({"presence_stats":{"channel":"r"}})",
        R"({"history":{"channel":"r"}})", R"({"rpc":{"method":"m"}})",
        R"({"refresh":{"token":"t"}})", R"({"sub_refresh":{"channel":"r","token":"t"}})"}) {
    CAPTURE(request);
    CHECK(closed_by(reference::commands(request)) == 3501);
  }
  ConnectedClient client;
  client.send("{\"send\":{\"data\":[1]}}\n{\"id\":9,\"send\":{\"data\":[2]}}");
  CHECK(client.closed() == 0);
  REQUIRE(client.session.messages.size() == 2);
  CHECK(client.session.messages[1].view() == "[2]");
}

TEST_CASE("protobuf: the first request in the protocol's order wins, wherever it stands") {
  ConnectedClient client;
  const std::string publish = reference::command(R"({"publish":{"channel":"r","data":1}})");
  client.protocol->received(framed(rpc_command() + publish), MessageKind::kBinary);
  CHECK(client.take() == R"({"id":7,"publish":{}})");
  CHECK(client.session.rpcs.asked.empty());
}

TEST_CASE("protobuf: an id is any number of 32 bits and is echoed") {
  ConnectedClient client;
  CHECK(client.ask(R"({"id":4294967295,"rpc":{}})") == R"({"id":4294967295,"rpc":{"data":null}})");
}

TEST_CASE("protobuf: payloads are any bytes, from the client and to it") {
  const std::string bytes("\x00\xFF{\n\x80", 5);
  ConnectedClient client;
  CHECK_FALSE(client.protocol->json_only());
  const std::string data = framed(bytes);
  const std::string room = tag(1, 2) + framed("r");
  client.session.rpcs.at_once = Payload(bytes);
  client.protocol->received(framed(value(1, 0) + tag(13, 2) + framed(tag(1, 2) + data)) +
                                framed(value(1, 0) + tag(7, 2) + framed(room + tag(2, 2) + data)) +
                                framed(value(1, 0) + tag(5, 2) + framed(room + tag(8, 2) + data)) +
                                framed(tag(12, 2) + framed(tag(1, 2) + data)),
                            MessageKind::kBinary);
  REQUIRE(client.closed() == 0);
  CHECK(client.session.rpcs.asked.at(0).data.view() == bytes);
  CHECK(client.session.publishes.asked.at(0).data.view() == bytes);
  CHECK(client.session.joins.asked.at(0).request.data.view() == bytes);
  CHECK(client.session.messages.at(0).view() == bytes);
  REQUIRE(client.session.written.size() == 3);
  CHECK(client.session.written[0] == framed("\x08\x01\x6A\x07\x0A\x05" + bytes));
  client.session.written.clear();
  client.protocol->push_message(bytes);
  CHECK(client.session.written.at(0) == framed("\x22\x09\x42\x07\x0A\x05" + bytes));
}

TEST_CASE("protobuf: a ping is one byte") {
  ConnectedClient client;
  client.protocol->push_ping();
  CHECK(client.session.written.at(0) == std::string(1, '\0'));
}

TEST_CASE("protobuf: deltas are asked for by their one name") {
  ConnectedClient client;
  client.send(R"({"id":2,"subscribe":{"channel":"a","delta":"fossil"}})");
  CHECK(client.session.joins.asked.at(0).request.delta);
  CHECK(client.take() == R"({"id":2,"subscribe":{}})");
  CHECK(client.ask(R"({"id":3,"subscribe":{"channel":"b","delta":"Fossil"}})") ==
        R"({"id":3,"error":{"code":107,"message":"bad request"}})");
  client.session.joins.at_once = JoinResult{.delta = true};
  CHECK(client.ask(R"({"id":4,"subscribe":{"channel":"a","delta":"fossil"}})") ==
        R"({"id":4,"subscribe":{"delta":true}})");
}

TEST_CASE("protobuf: what is cut off in one message takes nothing from the next that waits") {
  for (const bool first_waits : {true, false}) {
    CAPTURE(first_waits);
    ConnectedClient client;
    client.session.input = false;
    const std::string rpc = framed(rpc_command());
    if (!first_waits) client.protocol->received(rpc, MessageKind::kBinary);
    client.protocol->received(rpc + varint(2 * rpc.size()) + "\x08\x07", MessageKind::kBinary);
    client.protocol->received(rpc + rpc, MessageKind::kBinary);
    client.session.input = true;
    client.protocol->resume();
    CHECK(client.session.rpcs.asked.size() == (first_waits ? 1 : 2));
    CHECK(client.closed() == 3501);
  }
}

TEST_CASE("protobuf: one message may wait whatever its size, more only up to the bound (3013)") {
  const SessionOptions options{.version = "", .backlog_bytes_max = 100};
  ConnectedClient client(options);
  client.session.input = false;
  client.send("{\"id\":2,\"rpc\":{\"method\":\"" + std::string(200, 'm') + "\"}}");
  CHECK(client.closed() == 0);
  client.send(R"({"id":3,"rpc":{}})");
  CHECK(client.closed() == 3013);
}

TEST_CASE("protobuf: a message much larger than what is kept for reading is read all the same") {
  ConnectedClient client;
  const std::string data(600 * 1024, 'x');
  client.protocol->received(framed(value(1, 0) + tag(13, 2) + framed(tag(1, 2) + framed(data))),
                            MessageKind::kBinary);
  CHECK(client.session.rpcs.asked.at(0).data.view() == data);
}

}  // namespace
}  // namespace madang::centrifuge
