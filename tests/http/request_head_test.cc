// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "http/feed.h"
#include "madang/http/request_parser.h"

namespace madang::http::test {
namespace {

using Status = RequestParser::Status;
using namespace std::string_view_literals;

}  // namespace

TEST_CASE("request: a handshake is understood in whatever pieces it comes") {
  const Outcome outcome = feed_every_way(
      "GET /connection/websocket?format=json HTTP/1.1\r\n"
      "Host: example.com:8000\r\n"
      "Connection: keep-alive, Upgrade\r\n"
      "uPGRADE: \t websocket \t\r\n"
      "X-Empty:\r\n"
      "X-Bytes: \xec\x95\x88\ttab\r\n"
      "\r\n");
  REQUIRE(outcome.status == Status::kComplete);
  const Request& request = outcome.request;
  CHECK(request.method == "GET");
  CHECK(request.target == "/connection/websocket?format=json");
  CHECK(request.path == "/connection/websocket");
  CHECK(request.query == "format=json");
  CHECK(request.version_minor == 1);
  CHECK(request.body.empty());
  REQUIRE(request.headers.size() == 5);
  CHECK(request.headers[2].name == "uPGRADE");
  CHECK(*request.find("upgrade") == "websocket");
  CHECK(request.find("X-Empty")->empty());
  CHECK(*request.find("x-bytes") == "\xec\x95\x88\ttab");
  CHECK(request.find("X-Missing") == nullptr);
}

TEST_CASE("request: headers of one name are kept in order, found first and counted") {
  const Request request = feed_whole(get_with("A: 1\r\nB: 2\r\na: 3\r\n")).request;
  CHECK(request.count("A") == 2);
  CHECK(*request.find("A") == "1");
  CHECK(request.headers[3].value == "3");
  CHECK(request.count("Missing") == 0);
}

TEST_CASE("request: a list header names a token only as a whole member") {
  const Request request =
      feed_whole(get_with("Connection: keep-alive ,,\tUpGrade\r\nConnection: close\r\n")).request;
  CHECK(request.lists("connection", "upgrade"));
  CHECK(request.lists("Connection", "keep-alive"));
  CHECK(request.wants_close());
  CHECK_FALSE(request.lists("Connection", "up"));
  CHECK_FALSE(request.lists("Connection", "keep"));
  CHECK_FALSE(request.lists("Upgrade", "websocket"));
  CHECK_FALSE(feed_whole(get_with("Connection: disclose\r\n")).request.wants_close());
}

TEST_CASE("request: bytes after the request stay with the caller") {
  const std::string head = get_with("Upgrade: websocket\r\n");
  const Outcome outcome = feed_every_way(head + "\x81\x85 frame bytes");
  CHECK(outcome.status == Status::kComplete);
  CHECK(outcome.consumed == head.size());
}

TEST_CASE("request: pipelined requests come out one after the other") {
  std::string_view bytes =
      "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n"
      "GET /2 HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n"
      "GET /3 HTTP/1.1\r\nHost: a\r\n\r\n";
  RequestParser parser;
  for (const std::string path : {"/1", "/2", "/3"}) {
    CHECK(parser.idle());
    const RequestParser::Progress progress = parser.feed(bytes);
    REQUIRE(progress.status == Status::kComplete);
    CHECK_FALSE(parser.idle());
    CHECK(parser.feed("more").consumed == 0);
    CHECK(parser.feed("more").status == Status::kComplete);
    CHECK(parser.take_request().path == path);
    bytes.remove_prefix(progress.consumed);
  }
  CHECK(bytes.empty());
  CHECK(parser.idle());
  CHECK(parser.feed("").status == Status::kNeedMore);
  CHECK(parser.idle());
}

TEST_CASE("request: one empty line before a request is skipped, a second is refused") {
  CHECK(refusal_of("\r\n" + get_with("")) == 0);
  CHECK(refusal_of("\r\n\r\n" + get_with("")) == 400);
  CHECK(refusal_of("\n" + get_with("")) == 400);
  CHECK(refusal_of("\rGET / HTTP/1.1\r\nHost: a\r\n\r\n") == 400);
}

TEST_CASE("request: after a failure nothing is read any more") {
  RequestParser parser;
  CHECK(parser.feed("GET\x01").status == Status::kFailed);
  CHECK(parser.error().status == 400);
  CHECK_FALSE(parser.idle());
  const RequestParser::Progress progress = parser.feed(get_with(""));
  CHECK(progress.status == Status::kFailed);
  CHECK(progress.consumed == 0);
  CHECK(parser.error().reason == "malformed request line");
}

TEST_CASE("request: only HTTP/1.1 is spoken") {
  CHECK(refusal_of("GET / HTTP/1.0\r\nHost: a\r\n\r\n") == 505);
  CHECK(refusal_of("GET / HTTP/2.0\r\nHost: a\r\n\r\n") == 505);
  CHECK(refusal_of("GET / HTTP/1.2\r\nHost: a\r\n\r\n") == 505);
  for (std::string_view version :
       {"HTTP/01.1"sv, "HTTP/1.10"sv, "http/1.1"sv, "HTTP/1.1x"sv, "HTTP/1"sv, "ICE/1.1"sv, ""sv}) {
    CAPTURE(version);
    CHECK(refusal_of("GET / " + std::string(version) + "\r\nHost: a\r\n\r\n") == 400);
  }
  CHECK(refusal_of("GET /\r\nHost: a\r\n\r\n") == 400);
}

TEST_CASE("request: methods that no host could mean are refused with 501") {
  for (std::string_view method :
       {"FETCH"sv, "get"sv, "TRACE"sv, "M-SEARCH"sv, "SOURCE"sv, "GETT"sv}) {
    CAPTURE(method);
    CHECK(refusal_of(std::string(method) + " / HTTP/1.1\r\nHost: a\r\n\r\n") == 501);
  }
  for (std::string_view method :
       {"GET"sv, "HEAD"sv, "POST"sv, "PUT"sv, "PATCH"sv, "DELETE"sv, "OPTIONS"sv}) {
    const Outcome outcome = feed_every_way(std::string(method) + " / HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(outcome.request.method == method);
  }
  CHECK(refusal_of("SOURCE / ICE/1.1\r\nHost: a\r\n\r\n") != 0);
}

TEST_CASE("request: a request line is three words with one space between") {
  for (std::string_view line :
       {"GET  / HTTP/1.1"sv, "GET /  HTTP/1.1"sv, " GET / HTTP/1.1"sv, "GET / HTTP/1.1 "sv,
        "GET\t/ HTTP/1.1"sv, "GET /a b HTTP/1.1"sv, "GET"sv, "GET "sv, "G@T / HTTP/1.1"sv,
        "\x16\x03\x01\x02\x00\x01"sv}) {
    CAPTURE(line);
    CHECK(refusal_of(std::string(line) + "\r\nHost: a\r\n\r\n") == 400);
  }
}

TEST_CASE("request: Host is required exactly once and must be a host") {
  CHECK(refusal_of("GET / HTTP/1.1\r\n\r\n") == 400);
  CHECK(refusal_of("GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n") == 400);
  for (std::string_view host :
       {""sv, "a b"sv, "a/b"sv, "u@a"sv, "a,b"sv, "a:"sv, "a:0"sv, "a:65536"sv, "a:+1"sv, "a:1:2"sv,
        "[::1"sv, "[]"sv, "[g]"sv, "[::1]x"sv, "a?b"sv, "a\\b"sv, "\xea"sv}) {
    CAPTURE(host);
    CHECK(refusal_of("GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n") == 400);
  }
  for (std::string_view host :
       {"a"sv, "my_host.example.com:65535"sv, "[::1]:80"sv, "127.0.0.1"sv}) {
    CAPTURE(host);
    CHECK(refusal_of("GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n") == 0);
  }
}

TEST_CASE("request: lines end in CR LF and nothing else") {
  CHECK(refusal_of("GET / HTTP/1.1\nHost: a\r\n\r\n") == 400);
  CHECK(refusal_of("GET / HTTP/1.1\r\nHost: a\n\r\n") == 400);
  CHECK(refusal_of("GET / HTTP/1.1\r\nHost: a\r\n\n") == 400);
  CHECK(refusal_of("GET / HTTP/1.1\nHost: a\n\n") == 400);
  CHECK(refusal_of("GET / HTTP/1.1\rHost: a\r\n\r\n") == 400);
  CHECK(refusal_of("GET / HTTP/1.1\r\r\nHost: a\r\n\r\n") == 400);
  CHECK(refusal_of(get_with("X: a\rb\r\n")) == 400);
  CHECK(refusal_of(get_with("X: a\nb\r\n")) == 400);
  CHECK(refusal_of("GET / HTTP/1.1\r\nHost: a\r\n\rX") == 400);
}

TEST_CASE("request: folded lines and white space in names are refused") {
  CHECK(refusal_of(get_with("X: a\r\n b\r\n")) == 400);
  CHECK(refusal_of(get_with("X: a\r\n\tb\r\n")) == 400);
  CHECK(refusal_of("GET / HTTP/1.1\r\n Host: a\r\n\r\n") == 400);
  CHECK(refusal_of(get_with("X : a\r\n")) == 400);
  CHECK(refusal_of(get_with("X\t: a\r\n")) == 400);
  CHECK(refusal_of(get_with("X Y: a\r\n")) == 400);
  CHECK(refusal_of(get_with(": a\r\n")) == 400);
  CHECK(refusal_of(get_with("X\r\n")) == 400);
  CHECK(refusal_of(get_with("X(: a\r\n")) == 400);
  CHECK(refusal_of(get_with("X\x80: a\r\n")) == 400);
}

TEST_CASE("request: the reason tells what was wrong") {
  const auto reason_of = [](std::string_view bytes) { return feed_every_way(bytes).error.reason; };
  CHECK(reason_of(get_with("X: a\nb\r\n")) == "bare line feed");
  CHECK(reason_of(get_with("X: a\rb\r\n")) == "bare carriage return");
  CHECK(reason_of(get_with("X: a\r\n b\r\n")) == "folded header line");
  CHECK(reason_of(get_with("X : a\r\n")) == "white space in a header name");
  CHECK(reason_of("GET / HTTP/1.1\r\n\r\n") == "exactly one Host is required");
}

TEST_CASE("request: no control byte but a tab is let into a header") {
  for (int c = 0; c < 256; ++c) {
    const bool good = c == '\t' || (c >= 0x20 && c != 0x7f);
    std::string value = "a";
    value += static_cast<char>(c);
    value += 'b';
    CAPTURE(c);
    CHECK(refusal_of(get_with("X: " + value + "\r\n")) == (good ? 0 : 400));
  }
}

}  // namespace madang::http::test
