// SPDX-License-Identifier: Apache-2.0
#include "madang/protocol/centrifuge/protobuf_encoder.h"

#include "madang/base/fossil_delta.h"
#include "madang/protocol/centrifuge/json_encoder.h"
#include "protocol/centrifuge/client.h"

namespace madang::centrifuge {
namespace {

std::string encoded(std::string_view room, const Event& event,
                    const Encoder& encoder = ProtobufEncoder()) {
  std::string out = "before ";
  encoder.encode(room, "e", event, out);
  CHECK(out.starts_with("before "));
  return out.substr(7);
}

// The same event in JSON, which the tests of that hold to the letter, is what comes out here.
void check_like_json(std::string_view room, const Event& event) {
  std::string json;
  JsonEncoder().encode(room, "e", event, json);
  CHECK(reference::replies(encoded(room, event)) == reference::replies_in_json(json));
}

ClientInfoRef ann() {
  auto info = std::make_shared<ClientInfo>();
  info->user = "ann";
  info->connection_info = R"({"n":1})";
  info->room_info = "[2]";
  return info;
}

std::string text_of_size(std::size_t size) {
  std::string text(std::max<std::size_t>(size, 2), 'x');
  text.front() = text.back() = '"';
  return text;
}

TEST_CASE("encoder: a message as the text of the protocol has it, byte by byte") {
  CHECK(encoded("r", *message("1", 5)) == std::string("\x0C\x22\x0A\x12\x01r\x22\x05\x22\x01"
                                                      "1\x30\x05"));
}

TEST_CASE("encoder: messages, with and without offset, publisher and tags, are as in JSON") {
  for (const std::uint64_t offset :
       {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{5}, ~std::uint64_t{0}}) {
    Event event = *message(R"({"x":1})", offset);
    check_like_json("recovery:a", event);
    event.info = ann();
    check_like_json("recovery:a", event);
    event.tags = {{"a", "1"}, {"b\"", "2\\"}, {"", ""}};
    check_like_json("recovery:a", event);
  }
}

TEST_CASE("encoder: who joins or leaves is as in JSON") {
  Event event;
  for (const auto kind : {EventKind::kJoin, EventKind::kLeave}) {
    event.kind = kind;
    event.info = ann();
    check_like_json("r", event);
    event.info = std::make_shared<ClientInfo>();
    check_like_json("r", event);
  }
}

TEST_CASE("encoder: every size is right, also where a length takes a byte more") {
  const auto check = [](std::size_t size, bool info) {
    CAPTURE(size);
    Event event = *message(text_of_size(size), 7);
    if (info) event.info = ann();
    check_like_json("room", event);
  };
  for (std::size_t size = 2; size < 300; ++size) {
    check(size, false);
    check(size, true);
  }
  for (std::size_t size = 16'384 - 150; size < 16'384 + 50; ++size)
    check(size, size % 2 == 0);
  check(3'000'000, true);
}

TEST_CASE("encoder: a room or user of any bytes gives valid UTF-8") {
  for (int byte = 0; byte < 256; ++byte) {
    std::string name = "a";
    name += static_cast<char>(byte);
    check_like_json(name, *message("1", 0));
    Event event = *message("1", 2);
    auto info = std::make_shared<ClientInfo>();
    info->user = name + "b";
    event.info = info;
    event.tags = {{name, name + "c"}};
    check_like_json(name + "b", event);
  }
  check_like_json("한국어 \xED\xA0\x80 twelve letters \xF0\x9F\x98", *message("1", 0));
}

TEST_CASE("encoder: messages one after the other are read one by one") {
  std::string out;
  std::string json;
  for (int i = 0; i < 100; ++i) {
    const auto event = message(text_of_size(static_cast<std::size_t>(i)), 2 + i);
    ProtobufEncoder().encode("r", "e", *event, out);
    if (!json.empty()) json += '\n';
    JsonEncoder().encode("r", "e", *event, json);
  }
  CHECK(reference::replies(out) == reference::replies_in_json(json));
}

// The message that is the `n`th of its room, and comes after one with the data `before`.
EventRef after(std::string_view before, std::string_view data, std::uint64_t n) {
  auto event = std::make_shared<Event>(*message(data, n));
  event->before = Payload(before);
  event->messages = event->top_offset = n;
  return event;
}

const std::string kBefore = std::string(200, 'a') + "1" + std::string(200, 'b');
const std::string kAfter = std::string(200, 'a') + "2\xFF" + std::string(200, 'b');

TEST_CASE("delta: a message whose predecessor is known goes as a patch, if that is smaller") {
  Event event = *message(kAfter, 5);
  const ProtobufDeltaEncoder deltas;
  CHECK(encoded("r", event, deltas) == encoded("r", event));

  event.before = Payload(kBefore);
  const std::string bytes = encoded("r", event, deltas);
  CHECK(bytes.size() < 100);
  const auto list = reference::publications(bytes);
  REQUIRE(list.size() == 1);
  CHECK(list[0].delta);
  CHECK(apply_fossil_delta(kBefore, list[0].data, 1'000).value_or("") == kAfter);

  event.before = Payload("nothing in common");
  CHECK(encoded("r", event, deltas) == encoded("r", event));
  event.data = Payload();
  CHECK(encoded("r", event, deltas) == encoded("r", event));
}

TEST_CASE("delta: joins and leaves go as ever, and what is above 1 MiB goes whole") {
  const ProtobufDeltaEncoder deltas;
  Event event;
  event.kind = EventKind::kJoin;
  event.info = ann();
  CHECK(encoded("r", event, deltas) == encoded("r", event));

  const std::string large(1024 * 1024, 'x');
  event = *message(large, 5);
  event.before = Payload(large);
  CHECK(encoded("r", event, deltas).size() < 100);
  event.before = Payload(large + "x");
  CHECK(encoded("r", event, deltas) == encoded("r", event));
}

TEST_CASE(
    "delta: of what a client missed a message goes as a patch where it follows the one before") {
  for (const bool delta : {true, false}) {
    CAPTURE(delta);
    ConnectedClient client;
    JoinResult joined;
    joined.position = StreamPosition{4, "e"};
    joined.recovery_tried = joined.recovered = true;
    joined.delta = delta;
    // The fourth is not in the list: it was not for this client.
    joined.messages = {after("zero", kBefore, 1), after(kBefore, kAfter, 2),
                       after(kAfter, "other", 3), after("fourth", kBefore, 5),
                       after(kBefore, kAfter, 6)};
    client.session.joins.at_once = joined;
    client.send(R"({"id":2,"subscribe":{"channel":"a","recover":true,"delta":"fossil"}})");
    REQUIRE(client.session.written.size() == 1);
    const std::string& bytes = client.session.written[0];
    CHECK((reference::replies(bytes).at(0).find("delta: true") != std::string::npos) == delta);
    const auto list = reference::publications(bytes);
    REQUIRE(list.size() == 5);
    CHECK(list[0].data == kBefore);
    CHECK(list[1].delta == delta);
    if (delta) {
      CHECK(apply_fossil_delta(kBefore, list[1].data, 1'000).value_or("") == kAfter);
    } else {
      CHECK(list[1].data == kAfter);
    }
    for (const std::size_t whole : {0, 2, 3})
      CHECK_FALSE(list[whole].delta);
    CHECK(list[3].data == kBefore);
    CHECK(list[4].delta == delta);
  }
}

TEST_CASE("delta: the session has an encoder for it") {
  ConnectedClient client;
  REQUIRE(client.protocol->delta_encoder() != nullptr);
  Event event = *message(kAfter, 5);
  event.before = Payload(kBefore);
  CHECK(encoded("r", event, *client.protocol->delta_encoder()).size() < 100);
  CHECK(encoded("r", event, client.protocol->encoder()).size() > 400);
}

}  // namespace
}  // namespace madang::centrifuge
