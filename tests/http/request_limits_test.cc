// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "http/feed.h"

namespace madang::http::test {
namespace {

// A target that makes the request line exactly this long.
std::string line_of(std::size_t bytes) {
  const std::size_t around = std::string_view("GET / HTTP/1.1").size();
  return "GET /" + std::string(bytes - around, 'a') + " HTTP/1.1";
}

// Feeds the same piece again and again; returns the bytes consumed until the parser gives up.
std::size_t feed_endlessly(RequestParser& parser, std::string_view piece) {
  std::size_t consumed = 0;
  for (int i = 0; i < 1'000'000; ++i) {
    const RequestParser::Progress progress = parser.feed(piece);
    consumed += progress.consumed;
    if (progress.status != RequestParser::Status::kNeedMore) break;
  }
  return consumed;
}

}  // namespace

TEST_CASE("limits: a request line of 8 KiB is read, a byte more is 414") {
  const std::string rest = "\r\nHost: a\r\n\r\n";
  CHECK(feed_by_byte(line_of(8192) + rest).request.path.size() == 8192 - 13);
  const Outcome outcome = feed_whole(line_of(8193) + rest);
  CHECK(outcome.error.status == 414);
  CHECK(outcome.consumed == 8193);
  CHECK(describe(feed_by_byte(line_of(8193) + rest)) == describe(outcome));
}

TEST_CASE("limits: headers of 16 KiB are read, a byte more is 431") {
  const std::string first = "Host: a\r\nX: ";
  const auto request = [&first](std::size_t header_bytes) {
    return "GET / HTTP/1.1\r\n" + first + std::string(header_bytes - first.size() - 2, 'x') +
           "\r\n\r\n";
  };
  CHECK(feed_whole(request(16384)).error.status == 0);
  CHECK(feed_by_byte(request(16384)).error.status == 0);
  CHECK(feed_whole(request(16385)).error.status == 431);
  CHECK(describe(feed_by_byte(request(16385))) == describe(feed_whole(request(16385))));
}

TEST_CASE("limits: 100 headers are read, one more is 431, whatever their names") {
  std::string lines;
  for (int i = 0; i < 99; ++i)
    lines += "Same: x\r\n";
  CHECK(feed_whole(get_with(lines)).request.headers.size() == 100);
  CHECK(feed_whole(get_with(lines + "Same: x\r\n")).error.status == 431);
  CHECK(feed_by_byte(get_with(lines + "Same: x\r\n")).error.status == 431);
}

TEST_CASE("limits: 100,000 headers cost what fits the limits") {
  std::string lines;
  for (int i = 0; i < 100'000; ++i)
    lines += "N" + std::to_string(i) + ": x\r\n";
  const RequestLimits many{.headers_max = 1'000'000};
  const Outcome by_count = feed_whole(get_with(lines));
  const Outcome by_bytes = feed_whole(get_with(lines), many);
  CHECK(by_count.error.reason == "too many headers");
  CHECK(by_count.consumed < 2'000);
  CHECK(by_bytes.error.reason == "headers too large");
  CHECK(by_bytes.consumed <= 16 * 1024 + 17);
}

TEST_CASE("limits: an endless header, name, target, method or extension ends at its limit") {
  RequestParser header;
  header.feed("GET / HTTP/1.1\r\nX: ");
  CHECK(feed_endlessly(header, "aaaaaaaa") <= 16 * 1024 + 1);
  CHECK(header.error().status == 431);

  RequestParser name;
  name.feed("GET / HTTP/1.1\r\n");
  CHECK(feed_endlessly(name, "aaaaaaaa") <= 16 * 1024 + 1);
  CHECK(name.error().status == 431);

  RequestParser target;
  target.feed("GET /");
  CHECK(feed_endlessly(target, "aaaaaaaa") <= 8 * 1024 + 1);
  CHECK(target.error().status == 414);

  RequestParser method;
  CHECK(feed_endlessly(method, "A") <= 8 * 1024 + 1);
  CHECK(method.error().status == 414);

  const RequestLimits with_chunks{.body_bytes_max = 10, .allow_chunked = true};
  RequestParser chunks(with_chunks);
  chunks.feed("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;");
  CHECK(feed_endlessly(chunks, "aaaaaaaa") <= 257);
  CHECK(chunks.error().status == 400);
}

TEST_CASE("limits: a head beyond what the parser underneath takes is refused with 431") {
  const RequestLimits huge{.header_bytes_max = 1'000'000};
  const std::string request = get_with("X: " + std::string(90'000, 'x') + "\r\n");
  CHECK(feed_whole(request, huge).error.status == 431);
}

}  // namespace madang::http::test
