// SPDX-License-Identifier: Apache-2.0
#include "madang/http/response.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace madang::http::test {
namespace {

using namespace std::string_view_literals;

std::string text_of(const Response& response, std::string_view date = {}) {
  const WireResponse wire = serialize(response, date);
  return wire.head + std::string(wire.body.view());
}

Response with_header(std::string name, std::string value) {
  Response response;
  response.headers.push_back({std::move(name), std::move(value)});
  return response;
}

}  // namespace

TEST_CASE("response: status line, date, headers, length and body are written in this order") {
  Response response;
  response.headers = {{"Content-Type", "application/json"}, {"X-A", "1"}, {"X-A", "2"}};
  response.body = "{}";
  CHECK(text_of(response, "Sun, 06 Nov 1994 08:49:37 GMT") ==
        "HTTP/1.1 200 OK\r\n"
        "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
        "Content-Type: application/json\r\n"
        "X-A: 1\r\n"
        "X-A: 2\r\n"
        "Content-Length: 2\r\n"
        "\r\n"
        "{}");
  CHECK(text_of(Response{}) == "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
}

TEST_CASE("response: an error is a short text and closes") {
  CHECK(text_of(error_response({400, "malformed Host"})) ==
        "HTTP/1.1 400 Bad Request\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n"
        "X-Content-Type-Options: nosniff\r\n"
        "Connection: close\r\n"
        "Content-Length: 15\r\n"
        "\r\n"
        "malformed Host\n");
}

TEST_CASE("response: a header that could add lines turns the response into a 500") {
  for (std::string_view value : {"a\r\nSet-Cookie: b"sv, "a\nb"sv, "a\rb"sv, "a\0b"sv, "\x7f"sv}) {
    const Response response = with_header("Location", std::string(value));
    CHECK_FALSE(is_valid(response));
    CHECK(text_of(response).starts_with("HTTP/1.1 500 Internal Server Error\r\n"));
    CHECK(text_of(response).find("Set-Cookie") == std::string::npos);
    CHECK_FALSE(serialize_stream_head(response));
    CHECK(text_of(Response{}, value).starts_with("HTTP/1.1 500 "));
    CHECK_FALSE(serialize_stream_head(Response{}, value));
  }
  for (std::string_view name : {""sv, "A B"sv, "A:"sv, "A\r\nB"sv, "\xc3\xa4"sv, "A\0"sv}) {
    CHECK_FALSE(is_valid(with_header(std::string(name), "x")));
  }
  CHECK(is_valid(with_header("X", "tab\t and \xec\x95\x88")));
}

TEST_CASE("response: what delimits it cannot be set by a header") {
  for (std::string_view name : {"Content-Length"sv, "transfer-encoding"sv, "CONNECTION"sv}) {
    CHECK_FALSE(is_valid(with_header(std::string(name), "0")));
  }
}

TEST_CASE("response: a status that is none turns the response into a 500") {
  for (int status : {0, 100, 103, 199, 600, -1}) {
    Response response;
    response.status = status;
    CHECK(text_of(response).starts_with("HTTP/1.1 500 "));
  }
  Response unusual;
  unusual.status = 299;
  CHECK(text_of(unusual).starts_with("HTTP/1.1 299 Unknown\r\n"));
}

TEST_CASE("response: 101, 204 and 304 have neither body nor length") {
  for (int status : {101, 204, 304}) {
    Response response;
    response.status = status;
    response.body = "ignored";
    CHECK(text_of(response).find("Content-Length") == std::string::npos);
    CHECK(text_of(response).ends_with("\r\n\r\n"));
    CHECK_FALSE(serialize_stream_head(response));
  }
}

TEST_CASE("response: an omitted body still tells its length") {
  Response response;
  response.body = "hello";
  response.omit_body = true;
  CHECK(text_of(response) == "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
  response.headers.push_back({"X", "\n"});
  CHECK(text_of(response).ends_with("\r\n\r\n"));
}

TEST_CASE("response: Upgrade is named in Connection") {
  Response response = with_header("Upgrade", "websocket");
  response.status = 101;
  CHECK(text_of(response) ==
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
  response.status = 426;
  response.close = true;
  CHECK(text_of(response).find("\r\nConnection: close, Upgrade\r\n") != std::string::npos);
}

TEST_CASE("response: a stream is announced as chunked and has no length") {
  Response response = with_header("Content-Type", "text/event-stream");
  response.body = "not used";
  CHECK(*serialize_stream_head(response) ==
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
        "Transfer-Encoding: chunked\r\n\r\n");
}

TEST_CASE("response: chunks carry their length in hexadecimal, and none is empty but the last") {
  std::string out;
  append_chunk(out, "hello");
  append_chunk(out, "");
  append_chunk(out, std::string(31, 'x'));
  out += kLastChunk;
  CHECK(out == "5\r\nhello\r\n1f\r\n" + std::string(31, 'x') + "\r\n0\r\n\r\n");
}

TEST_CASE("response: a body is shared, not copied") {
  const Body body(std::string(1000, 'x'));
  Response response;
  response.body = body;
  CHECK(serialize(response).body.view().data() == body.view().data());
  CHECK(Body().empty());
}

TEST_CASE("response: dates are written as HTTP wants them") {
  CHECK(format_date(784111777) == "Sun, 06 Nov 1994 08:49:37 GMT");
  CHECK(format_date(0) == "Thu, 01 Jan 1970 00:00:00 GMT");
  CHECK(format_date(1709210096) == "Thu, 29 Feb 2024 12:34:56 GMT");
  CHECK(format_date(-1) == format_date(0));
  CHECK(format_date(INT64_MAX) == "Fri, 31 Dec 9999 23:59:59 GMT");
}

}  // namespace madang::http::test
