// SPDX-License-Identifier: Apache-2.0
#include "madang/transport/websocket/handshake.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "transport/websocket/header_list.h"

namespace madang::websocket {
namespace {

// The request of RFC 6455, section 1.3.
HandshakeRequest good_request() {
  return {.method = "GET",
          .upgrade = "websocket",
          .connection = "Upgrade",
          .version = "13",
          .key = "dGhlIHNhbXBsZSBub25jZQ==",
          .subprotocols = "",
          .extensions = ""};
}

std::string header(const HandshakeResponse& response, std::string_view name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return "(none)";
}

}  // namespace

TEST_CASE("handshake: the example of the RFC is accepted with its answer") {
  const HandshakeResponse response = answer_handshake(good_request(), {});
  CHECK(response.accepted());
  CHECK(response.status == 101);
  CHECK(response.reason.empty());
  CHECK(response.headers.size() == 3);
  CHECK(header(response, "Upgrade") == "websocket");
  CHECK(header(response, "Connection") == "Upgrade");
  CHECK(header(response, "Sec-WebSocket-Accept") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST_CASE("handshake: Upgrade and Connection are token lists in any case") {
  HandshakeRequest request = good_request();
  for (const char* connection :
       {"upgrade", "keep-alive, Upgrade", "UPGRADE ,\tclose", ",upgrade,"}) {
    request.connection = connection;
    request.upgrade = "WebSocket";
    CHECK(answer_handshake(request, {}).status == 101);
  }
  for (const char* connection : {"", "keep-alive", "upgrades", "up grade", "\"upgrade\""}) {
    request.connection = connection;
    CHECK(answer_handshake(request, {}).status == 400);
  }
}

TEST_CASE("handshake: without Upgrade: websocket the answer is 426 and says what to ask for") {
  HandshakeRequest request = good_request();
  for (const char* upgrade : {"", "h2c", "websockets", "websocket/13"}) {
    request.upgrade = upgrade;
    const HandshakeResponse response = answer_handshake(request, {});
    CHECK(response.status == 426);
    CHECK(header(response, "Upgrade") == "websocket");
    CHECK(header(response, "Connection") == "Upgrade");
    CHECK_FALSE(response.reason.empty());
  }
}

TEST_CASE("handshake: a version other than 13, or given twice, is answered 426 with ours") {
  HandshakeRequest request = good_request();
  for (const char* version : {"", "8", "12", "14", "013", "13, 13", "8, 13", "13a", "-13"}) {
    request.version = version;
    const HandshakeResponse response = answer_handshake(request, {});
    CHECK(response.status == 426);
    CHECK(header(response, "Sec-WebSocket-Version") == "13");
  }
}

TEST_CASE("handshake: another method is answered 405 and another HTTP 505") {
  HandshakeRequest request = good_request();
  for (const char* method : {"", "POST", "HEAD", "get", "CONNECT"}) {
    request.method = method;
    CHECK(answer_handshake(request, {}).status == 405);
    CHECK(header(answer_handshake(request, {}), "Allow") == "GET");
  }
  request = good_request();
  request.http_minor = 0;
  CHECK(answer_handshake(request, {}).status == 505);
  request.http_major = 2;
  CHECK(answer_handshake(request, {}).status == 505);
}

TEST_CASE("handshake: a key is base64 of exactly 16 bytes, once") {
  CHECK(is_valid_key("AAAAAAAAAAAAAAAAAAAAAA=="));
  CHECK(is_valid_key("+/+/+/+/+/09azAZ09azAQ=="));
  for (const char* key :
       {"", "=", "AAAAAAAAAAAAAAAAAA==", "AAAAAAAAAAAAAAAAAAAAAAAAAA==", "AAAAAAAAAAAAAAAAAAAAAA=",
        "AAAAAAAAAAAAAAAAAAAAAAAA",
        "AAAAAAAAAAAAAAAAAAAAA===", "AAAAAAAAAAAAAAAAAAAAAAA=", "AAAAAAAAAAAAAAAAAAAAAA==A",
        "AAAAAAAAAAAAAAAAAAAAA-==", "AAAAAAAAAAA=AAAAAAAAAA==", "AAAAAAAAAAAAAAAAAAAAA\n==",
        " AAAAAAAAAAAAAAAAAAAAA==", "dGhlIHNhbXBsZSBub25jZQ==, dGhlIHNhbXBsZSBub25jZQ=="}) {
    CAPTURE(key);
    CHECK_FALSE(is_valid_key(key));
    HandshakeRequest request = good_request();
    request.key = key;
    CHECK(answer_handshake(request, {}).status == 400);
    CHECK(answer_handshake(request, {}).headers.empty());
  }
}

TEST_CASE("handshake: the client's first subprotocol that is ours is chosen") {
  const std::vector<std::string> ours = {"centrifuge-json", "centrifuge-protobuf"};
  CHECK(choose_subprotocol("centrifuge-protobuf, centrifuge-json", ours) == "centrifuge-protobuf");
  CHECK(choose_subprotocol("other ,centrifuge-json", ours) == "centrifuge-json");
  CHECK(choose_subprotocol("Centrifuge-JSON", ours).empty());
  CHECK(choose_subprotocol("centrifuge-json2, centrifuge", ours).empty());
  CHECK(choose_subprotocol(",, ,", ours).empty());
  CHECK(choose_subprotocol("centrifuge-json", {}).empty());

  HandshakeRequest request = good_request();
  request.subprotocols = "other, centrifuge-protobuf";
  const HandshakeOptions options = {.subprotocols = ours};
  HandshakeResponse response = answer_handshake(request, options);
  CHECK(response.subprotocol == "centrifuge-protobuf");
  CHECK(header(response, "Sec-WebSocket-Protocol") == "centrifuge-protobuf");
  request.subprotocols = "other";
  response = answer_handshake(request, options);
  CHECK(response.status == 101);
  CHECK(response.subprotocol.empty());
  CHECK(header(response, "Sec-WebSocket-Protocol") == "(none)");
}

TEST_CASE("handshake: compression is agreed on only if both sides want it") {
  HandshakeRequest request = good_request();
  request.extensions = "permessage-deflate; client_max_window_bits";
  const HandshakeResponse without = answer_handshake(request, {});
  CHECK_FALSE(without.deflate.has_value());
  CHECK(header(without, "Sec-WebSocket-Extensions") == "(none)");
  const HandshakeResponse with = answer_handshake(request, {.compression = true});
  REQUIRE(with.deflate);
  CHECK(header(with, "Sec-WebSocket-Extensions") == with.deflate->response());
  request.extensions = "permessage-deflate; server_max_window_bits=8";
  const HandshakeResponse declined = answer_handshake(request, {.compression = true});
  CHECK(declined.status == 101);
  CHECK(header(declined, "Sec-WebSocket-Extensions") == "(none)");
}

TEST_CASE("handshake: nothing that the client wrote reaches the response unless it is ours") {
  HandshakeRequest request = good_request();
  request.subprotocols = "evil\r\nSet-Cookie: a=b, chat";
  request.extensions = "permessage-deflate; x=\"\r\nSet-Cookie: a=b\", permessage-deflate";
  const HandshakeResponse response =
      answer_handshake(request, {.subprotocols = {"chat"}, .compression = true});
  CHECK(response.headers.size() == 5);
  for (const auto& [name, value] : response.headers) {
    CHECK(value.find_first_of("\r\n") == std::string::npos);
  }
}

TEST_CASE("header list: quoted strings hide separators and an open quote reaches to the end") {
  const auto elements = [](std::string_view list) {
    std::vector<std::string> out;
    ListReader reader(list, ',');
    std::string_view element;
    while (reader.next(&element))
      out.emplace_back(element);
    return out;
  };
  using Elements = std::vector<std::string>;
  CHECK(elements("") == Elements{""});
  CHECK(elements(" a ,\tb,") == Elements{"a", "b", ""});
  CHECK(elements("a=\"x,y\",b") == Elements{"a=\"x,y\"", "b"});
  CHECK(elements("\"\\\",\",b") == Elements{"\"\\\",\"", "b"});
  CHECK(elements("a,\"b,c") == Elements{"a", "\"b,c"});
  CHECK(elements("\"\\") == Elements{"\"\\"});
}

}  // namespace madang::websocket
