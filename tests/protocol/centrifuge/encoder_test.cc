// SPDX-License-Identifier: Apache-2.0
#include "madang/base/json.h"
#include "madang/protocol/centrifuge/json_encoder.h"
#include "protocol/centrifuge/client.h"

namespace madang::centrifuge {
namespace {

std::string encoded(std::string_view room, const Event& event) {
  std::string out = "before ";
  JsonEncoder().encode(room, "e", event, out);
  CHECK(out.starts_with("before "));
  CHECK(checked_json(std::string_view(out).substr(7)).ok());
  CHECK(out.find('\n') == std::string::npos);
  return out.substr(7);
}

ClientInfoRef ann() {
  auto info = std::make_shared<ClientInfo>();
  info->user = "ann";
  info->connection_info = R"({"n":1})";
  return info;
}

TEST_CASE("encoder: a message that is not kept has no offset") {
  CHECK(encoded("r", *message("true", 0)) == R"({"push":{"channel":"r","pub":{"data":true}}})");
}

TEST_CASE("encoder: a kept one has, and the first of a stream names the epoch") {
  CHECK(encoded("recovery:a", *message(R"({"x":1})", 5)) ==
        R"({"push":{"channel":"recovery:a","pub":{"data":{"x":1},"offset":5}}})");
  CHECK(encoded("r", *message("1", 1)) ==
        R"({"push":{"channel":"r","pub":{"data":1,"offset":1,"epoch":"e"}}})");
  CHECK(encoded("r", *message("1", 18446744073709551615u)) ==
        R"({"push":{"channel":"r","pub":{"data":1,"offset":18446744073709551615}}})");
}

TEST_CASE("encoder: publisher and tags go with a message") {
  Event event = *message("[]", 5);
  event.info = ann();
  event.tags = {{"a", "1"}, {"b\"", "2\\"}};
  CHECK(encoded("r", event) == R"({"push":{"channel":"r","pub":{"data":[],"info":{"user":"ann",)"
                               R"("client":")" +
                                   kNil +
                                   R"(","conn_info":{"n":1}},"offset":5,)"
                                   R"("tags":{"a":"1","b\"":"2\\"}}}})");
}

TEST_CASE("encoder: who joins or leaves is always told with user and client") {
  Event event;
  event.kind = EventKind::kJoin;
  event.info = ann();
  const std::string who =
      R"({"info":{"user":"ann","client":")" + kNil + R"(","conn_info":{"n":1}}})";
  CHECK(encoded("r", event) == R"({"push":{"channel":"r","join":)" + who + "}}");
  event.kind = EventKind::kLeave;
  CHECK(encoded("r", event) == R"({"push":{"channel":"r","leave":)" + who + "}}");
  event.info = std::make_shared<ClientInfo>();
  CHECK(encoded("r", event) ==
        R"({"push":{"channel":"r","leave":{"info":{"user":"","client":")" + kNil + R"("}}}})");
}

TEST_CASE("encoder: infos that are not JSON are left out, and those that are lose line breaks") {
  auto info = std::make_shared<ClientInfo>();
  info->connection_info = "\xFF{";
  info->room_info = "[\n2]";
  Event event = *message("1", 0);
  event.info = info;
  CHECK(encoded("r", event) == R"({"push":{"channel":"r","pub":{"data":1,"info":{"user":"",)"
                               R"("client":")" +
                                   kNil + R"(","chan_info":[2]}}}})");
}

TEST_CASE("encoder: a room of any bytes gives valid JSON") {
  for (int byte = 0; byte < 256; ++byte) {
    std::string room = "a";
    room += static_cast<char>(byte);
    encoded(room, *message("1", 0));
    encoded(room + "b", *message("1", 0));
  }
}

}  // namespace
}  // namespace madang::centrifuge
