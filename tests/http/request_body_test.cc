// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "http/feed.h"

namespace madang::http::test {
namespace {

using Status = RequestParser::Status;
using namespace std::string_view_literals;

const RequestLimits kWithBody{.body_bytes_max = 100};
const RequestLimits kWithChunks{.body_bytes_max = 100, .allow_chunked = true};

std::string post(std::string_view header_lines, std::string_view body) {
  return "POST /api HTTP/1.1\r\nHost: example.com\r\n" + std::string(header_lines) + "\r\n" +
         std::string(body);
}

std::string chunked(std::string_view body) { return post("Transfer-Encoding: chunked\r\n", body); }

}  // namespace

TEST_CASE("body: Content-Length bytes are the body and the rest stays with the caller") {
  const std::string bytes = post("Content-Length: 5\r\n", "hello");
  const Outcome outcome = feed_every_way(bytes + "GET /", kWithBody);
  REQUIRE(outcome.status == Status::kComplete);
  CHECK(outcome.request.body == "hello");
  CHECK(outcome.consumed == bytes.size());
  CHECK(feed_every_way(post("Content-Length: 5\r\n", "hell"), kWithBody).status ==
        Status::kNeedMore);
  CHECK(feed_every_way(post("Content-Length: 0\r\n", "")).status == Status::kComplete);
}

TEST_CASE("body: a Content-Length that is not digits only is refused") {
  for (std::string_view value : {"+5"sv, "-5"sv, "0x5"sv, "5, 5"sv, "5 5"sv, "5,"sv, ""sv, "five"sv,
                                 "5.0"sv, "1e1"sv, "5;"sv, "\xd9\xa5"sv, "18446744073709551615"sv,
                                 "18446744073709551616"sv, "99999999999999999999999999"sv}) {
    CAPTURE(value);
    const std::string line = "Content-Length: " + std::string(value) + "\r\n";
    CHECK(refusal_of(post(line, "hello"), kWithBody) == 400);
  }
}

TEST_CASE("body: spaces around a Content-Length are no part of it, a tab is refused") {
  const std::string bytes = post("Content-Length:  5 \r\n", "hello");
  const Outcome outcome = feed_every_way(bytes + "x", kWithBody);
  CHECK(outcome.request.body == "hello");
  CHECK(outcome.consumed == bytes.size());
  CHECK(refusal_of(post("Content-Length: 5\t\r\n", "hello"), kWithBody) == 400);
}

TEST_CASE("body: two statements of its length are refused, even if they agree") {
  for (std::string_view lines :
       {"Content-Length: 5\r\nContent-Length: 5\r\n"sv,
        "Content-Length: 5\r\ncontent-length: 6\r\n"sv,
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"sv,
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"sv,
        "Transfer-Encoding: xchunked\r\nContent-Length: 5\r\n"sv,
        "Transfer-Encoding: identity\r\nContent-Length: 0\r\n"sv,
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"sv,
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n"sv}) {
    CAPTURE(lines);
    CHECK(refusal_of(post(lines, "5\r\nhello\r\n0\r\n\r\n"), kWithBody) == 400);
    CHECK(refusal_of(post(lines, "5\r\nhello\r\n0\r\n\r\n"), kWithChunks) == 400);
  }
}

TEST_CASE("body: a transfer coding other than chunked is refused") {
  for (std::string_view value :
       {"xchunked"sv, "gzip"sv, "gzip, chunked"sv, "chunked, gzip"sv, "chunked, chunked"sv,
        "chunked;a=b"sv, "identity"sv, "\"chunked\""sv, "chunked,"sv, ""sv}) {
    CAPTURE(value);
    const std::string line = "Transfer-Encoding: " + std::string(value) + "\r\n";
    CHECK(refusal_of(post(line, "0\r\n\r\n"), kWithChunks) == 501);
  }
  CHECK(refusal_of(post("Transfer-Encoding : chunked\r\n", "0\r\n\r\n"), kWithChunks) == 400);
  CHECK(refusal_of(post("Transfer-Encoding:\x0b chunked\r\n", "0\r\n\r\n"), kWithChunks) == 400);
  CHECK(refusal_of(post("Transfer-Encoding:\r\n chunked\r\n", "0\r\n\r\n"), kWithChunks) == 400);
}

TEST_CASE("body: chunks are refused unless the limits allow them") {
  CHECK(refusal_of(chunked("0\r\n\r\n"), kWithBody) == 501);
  CHECK(refusal_of(chunked("0\r\n\r\n")) == 501);
}

TEST_CASE("body: chunks are put together") {
  const std::string bytes = chunked(
      "5\r\nhello\r\n1;name=\"value\"\r\n \r\n0005\r\nworld\r\na\r\n0123456789\r\n0\r\n\r\n");
  const Outcome outcome = feed_every_way(bytes + "GET /", kWithChunks);
  REQUIRE(outcome.status == Status::kComplete);
  CHECK(outcome.request.body == "hello world0123456789");
  CHECK(outcome.consumed == bytes.size());
  CHECK(feed_every_way(chunked("0\r\n\r\n"), kWithChunks).request.body.empty());
  CHECK(feed_whole(post("Transfer-Encoding: CHUNKED\r\n", "1\r\nx\r\n0\r\n\r\n"), kWithChunks)
            .request.body == "x");
}

TEST_CASE("body: malformed chunks are refused") {
  for (std::string_view body : {"\r\n"sv,
                                "x\r\n"sv,
                                "-1\r\n"sv,
                                "+1\r\na\r\n"sv,
                                "0x1\r\na\r\n"sv,
                                " 1\r\na\r\n"sv,
                                "1 \r\na\r\n"sv,
                                "1\na\r\n"sv,
                                "1\r\na\n"sv,
                                "1\r\nab\r\n"sv,
                                "1\r\na\r0\r\n"sv,
                                "1\ra\r\n"sv,
                                "000000001\r\na\r\n"sv,
                                "1;a\nb\r\na\r\n"sv,
                                "1;\x01\r\na\r\n"sv,
                                "0\r\n\n"sv,
                                "0\r\n\rX"sv,
                                "0\r\nTrailer: x\r\n\r\n"sv,
                                "0\r\n folded\r\n\r\n"sv,
                                ";a\r\n"sv}) {
    CAPTURE(body);
    CHECK(refusal_of(chunked(body), kWithChunks) == 400);
  }
  CHECK(refusal_of(chunked("1;" + std::string(256, 'a') + "\r\nx\r\n0\r\n\r\n"), kWithChunks) == 0);
  CHECK(refusal_of(chunked("1;" + std::string(257, 'a')), kWithChunks) == 400);
}

TEST_CASE("body: a length over the limit is refused before the body is read") {
  CHECK(refusal_of(post("Content-Length: 100\r\n", std::string(100, 'a')), kWithBody) == 0);
  const std::string head = post("Content-Length: 101\r\n", "");
  const Outcome outcome = feed_every_way(head + "body", kWithBody);
  CHECK(outcome.error.status == 413);
  CHECK(outcome.consumed == head.size());
  CHECK(refusal_of(post("Content-Length: 999999999999999999\r\n", ""), kWithBody) == 413);
  CHECK(refusal_of(post("Content-Length: 1\r\n", "")) == 413);
}

TEST_CASE("body: chunks over the limit are refused at the length that exceeds it") {
  const std::string full = chunked("63\r\n" + std::string(99, 'a') + "\r\n1\r\na\r\n");
  CHECK(feed_every_way(full + "0\r\n\r\n", kWithChunks).request.body.size() == 100);
  const Outcome outcome = feed_every_way(full + "1\r\na\r\n", kWithChunks);
  CHECK(outcome.error.status == 413);
  CHECK(outcome.consumed == full.size() + 1);
  CHECK(refusal_of(chunked("ffffffff\r\n"), kWithChunks) == 413);
  CHECK(refusal_of(chunked("65\r\n"), kWithChunks) == 413);
}

TEST_CASE("body: a client that waits for 100 Continue is seen once the head is complete") {
  const std::string bytes = post("Content-Length: 2\r\nExpect: 100-Continue\r\n", "ab");
  RequestParser parser(kWithBody);
  CHECK_FALSE(parser.expects_continue());
  parser.feed(bytes.substr(0, bytes.size() - 3));
  CHECK_FALSE(parser.expects_continue());
  parser.feed("\n");
  CHECK(parser.expects_continue());
  parser.feed("a");
  CHECK_FALSE(parser.expects_continue());
  CHECK(parser.feed("b").status == Status::kComplete);
  CHECK_FALSE(parser.expects_continue());

  CHECK(parser.take_request().body == "ab");
  CHECK(parser.feed(get_with("Expect: 100-continue\r\n")).status == Status::kComplete);
  CHECK_FALSE(parser.expects_continue());
}

TEST_CASE("body: a client that waits with its chunks is seen too") {
  RequestParser parser(kWithChunks);
  parser.feed(post("Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n", ""));
  CHECK(parser.expects_continue());
  parser.feed("1");
  CHECK_FALSE(parser.expects_continue());
}

TEST_CASE("body: other expectations are refused with 417") {
  CHECK(refusal_of(get_with("Expect: 200-ok\r\n")) == 417);
  CHECK(refusal_of(get_with("Expect: 100-continue\r\nExpect: 100-continue\r\n")) == 417);
}

}  // namespace madang::http::test
