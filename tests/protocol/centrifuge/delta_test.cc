// SPDX-License-Identifier: Apache-2.0
#include "protocol/centrifuge/delta.h"

#include <simdjson.h>

#include <memory>
#include <string>
#include <vector>

#include "madang/base/fossil_delta.h"
#include "madang/base/random.h"
#include "madang/protocol/centrifuge/json_encoder.h"
#include "protocol/centrifuge/client.h"

namespace madang::centrifuge {
namespace {

std::string row(int n) {
  return R"({"what":"a row that says \"the same\" each time, nearly","n":)" + std::to_string(n) +
         "}";
}

// The message that is the `n`th of its room, and comes after one with the data `before`.
EventRef after(std::string_view before, std::string_view data, std::uint64_t n) {
  auto event = std::make_shared<Event>(*message(data, n));
  event->before = Payload(before);
  event->messages = event->top_offset = n;
  return event;
}

std::string pushed(const Event& event) {
  std::string out;
  JsonDeltaEncoder().encode("r", "e", event, out);
  return out;
}

struct Publication {
  std::string data;
  bool is_patch = false;
};

Publication read(simdjson::dom::element publication) {
  Publication read;
  std::string_view data;
  REQUIRE(publication["data"].get(data) == simdjson::SUCCESS);
  read.data = data;
  REQUIRE(publication["delta"].get(read.is_patch) != simdjson::INCORRECT_TYPE);
  return read;
}

Publication read_push(const std::string& push) {
  simdjson::dom::parser parser;
  simdjson::dom::element publication;
  REQUIRE(parser.parse(push)["push"]["pub"].get(publication) == simdjson::SUCCESS);
  return read(publication);
}

TEST_CASE("delta: a message without one before it is a string of its JSON text") {
  CHECK(pushed(*message(R"({"x":"\n"})", 5)) ==
        R"({"push":{"channel":"r","pub":{"data":"{\"x\":\"\\n\"}","offset":5}}})");
}

TEST_CASE("delta: a patch is flagged and makes the message out of the one before") {
  const auto publication = read_push(pushed(*after(row(1), row(2), 2)));
  CHECK(publication.is_patch);
  CHECK(apply_fossil_delta(row(1), publication.data, 1'000).value() == row(2));
}

TEST_CASE("delta: a patch goes only where the push is smaller with it, whatever is in it") {
  SeededRandom draw(7);
  const std::vector<std::string> pieces = {
      "\\\"", "\\\\", "\\u0000", "가나", "x", "the same again ", "1234567890"};
  std::size_t patches = 0;
  for (int i = 0; i < 3'000; ++i) {
    const auto text = [&](std::size_t size) {
      std::string all;
      while (all.size() < size)
        all += pieces[draw.below(pieces.size())];
      return all;
    };
    const std::string same = text(draw.below(80));
    const std::string before = '"' + text(draw.below(30)) + same + '"';
    const std::string now = '"' + text(draw.below(30)) + same + text(draw.below(10)) + '"';
    const std::string push = pushed(*after(before, now, 2));
    const auto publication = read_push(push);
    if (!publication.is_patch) {
      CHECK(publication.data == now);
      continue;
    }
    ++patches;
    CHECK(push.size() < pushed(*message(now, 2)).size());
    CHECK(apply_fossil_delta(before, publication.data, 1'000).value() == now);
  }
  CHECK(patches > 300);
}

TEST_CASE("delta: above a mebibyte neither a message nor what comes after it is a patch") {
  const std::string large = '"' + std::string(kDeltaBytesMax, 'x') + '"';
  const std::string fits = '"' + std::string(kDeltaBytesMax - 2, 'x') + '"';
  CHECK(patch_of(*after(fits, fits, 2), 0).size() > 0);
  CHECK(patch_of(*after(large, fits, 2), 0).empty());
  CHECK(patch_of(*after(fits, large, 2), 0).empty());
}

TEST_CASE("delta: what the client asks for comes to the engine, what it gets to the client") {
  ConnectedClient client;
  client.session.joins.at_once = JoinResult{.delta = true};
  CHECK(client.ask(R"({"id":2,"subscribe":{"channel":"r","delta":"fossil"}})") ==
        R"({"id":2,"subscribe":{"delta":true}})");
  CHECK(client.session.joins.asked[0].request.delta);
  client.session.joins.at_once = JoinResult();
  CHECK(client.ask(R"({"id":3,"subscribe":{"channel":"s","delta":"fossil"}})") ==
        R"({"id":3,"subscribe":{}})");
  for (const char* none : {"", R"(,"delta":"")", R"(,"delta":null)"}) {
    client.ask(std::string(R"({"id":4,"subscribe":{"channel":"t")") + none + "}}");
    CHECK_FALSE(client.session.joins.asked.back().request.delta);
  }
}

TEST_CASE("delta: a format that nobody knows is refused with 107, and no text closes") {
  ConnectedClient client;
  CHECK(client.ask(R"({"id":2,"subscribe":{"channel":"r","delta":"Fossil"}})") ==
        R"({"id":2,"error":{"code":107,"message":"bad request"}})");
  CHECK(client.session.joins.asked.empty());
  client.send(R"({"id":3,"subscribe":{"channel":"r","delta":true}})");
  CHECK(client.closed() == 3501);
}

TEST_CASE("delta: a recovered list begins whole, and each goes on from the one before it there") {
  JoinResult joined;
  joined.delta = joined.recovered = joined.recovery_tried = true;
  joined.position = StreamPosition{7, "e"};
  // The fourth is not in the list: it was not for this client.
  for (const std::uint64_t n : {2, 3, 5, 6}) {
    joined.messages.push_back(after(row(static_cast<int>(n) - 1), row(static_cast<int>(n)), n));
  }
  ConnectedClient client;
  client.session.joins.at_once = joined;
  const auto reply = client.ask(
      R"({"id":2,"subscribe":{"channel":"r","delta":"fossil","recover":true,"offset":1}})");
  simdjson::dom::parser parser;
  simdjson::dom::array publications;
  REQUIRE(parser.parse(reply)["subscribe"]["publications"].get(publications) == simdjson::SUCCESS);
  std::string previous;
  std::vector<bool> patches;
  std::vector<std::string> rows;
  for (const auto one : publications) {
    const auto publication = read(one);
    previous = publication.is_patch ? apply_fossil_delta(previous, publication.data, 1'000).value()
                                    : publication.data;
    rows.push_back(previous);
    patches.push_back(publication.is_patch);
  }
  CHECK(rows == std::vector<std::string>{row(2), row(3), row(5), row(6)});
  CHECK(patches == std::vector<bool>{false, true, true, true});
  // The events are shared with other members, and stay as they are.
  CHECK(joined.messages[0]->before == row(1));
}

TEST_CASE("delta: the rooms of a connect reply tell it as well") {
  Client client;
  ConnectResult result;
  result.rooms.emplace_back("r", JoinResult{.delta = true});
  client.session.connects.at_once = result;
  CHECK(client.ask(R"({"id":1,"connect":{}})").find(R"("subs":{"r":{"delta":true}})") !=
        std::string::npos);
}

}  // namespace
}  // namespace madang::centrifuge
