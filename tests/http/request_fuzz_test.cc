// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>
#include <iterator>
#include <random>
#include <string>
#include <string_view>

#include "http/feed.h"

namespace madang::http::test {
namespace {

constexpr std::string_view kSeeds[] = {
    "GET /connection/websocket?a=%20b HTTP/1.1\r\nHost: example.com:80\r\nUpgrade: websocket\r\n"
    "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\r\n",
    "POST /api/publish HTTP/1.1\r\nHost: [::1]\r\nContent-Length: 11\r\n\r\n{\"a\":\"bcd\"}",
    "PUT /a/b%41 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
    "chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\n\r\n",
};

// What tends to confuse parsers.
constexpr std::string_view kPieces[] = {"\r\n",
                                        "\n",
                                        "\r",
                                        " ",
                                        "\t",
                                        ":",
                                        ",",
                                        "%2e",
                                        "%",
                                        "/",
                                        "..",
                                        "0",
                                        "ffffffff",
                                        ";",
                                        "#",
                                        "Host: b\r\n",
                                        "Content-Length: 3\r\n",
                                        "Transfer-Encoding: chunked\r\n",
                                        "\r\n\r\n",
                                        "HTTP/1.0",
                                        std::string_view("\0", 1),
                                        "\x7f",
                                        "\xff",
                                        "http://",
                                        "Expect: 100-continue\r\n"};

void mutate(std::string& bytes, std::mt19937& random) {
  const std::size_t at = random() % (bytes.size() + 1);
  switch (random() % 4) {
    case 0:
      bytes.insert(at, kPieces[random() % std::size(kPieces)]);
      break;
    case 1:
      bytes.erase(at, random() % 4);
      break;
    case 2:
      if (at < bytes.size()) bytes[at] = static_cast<char>(random());
      break;
    default: {
      const std::size_t from = random() % (bytes.size() + 1);
      const std::size_t size = random() % 30;
      bytes.insert(at, bytes.substr(from, size));
      break;
    }
  }
}

// What Request's comment says of every request that is let through.
void check_promises(const Outcome& outcome, const RequestLimits& limits) {
  const Request& request = outcome.request;
  REQUIRE(request.path.starts_with('/'));
  REQUIRE(("/" + request.path + "/").find("/../") == std::string::npos);
  REQUIRE(request.count("Host") == 1);
  REQUIRE(request.count("Content-Length") + request.count("Transfer-Encoding") <= 1);
  REQUIRE(request.body.size() <= limits.body_bytes_max);
  REQUIRE(request.headers.size() <= limits.headers_max);
  const auto is_line_break = [](char c) { return c == '\r' || c == '\n' || c == '\0'; };
  REQUIRE(std::none_of(request.path.begin(), request.path.end(), is_line_break));
  for (const Header& header : request.headers) {
    REQUIRE(std::none_of(header.value.begin(), header.value.end(), is_line_break));
  }
}

}  // namespace

TEST_CASE("request: mutated requests get one answer however they are cut, and keep the promises") {
  const RequestLimits limits{.request_line_bytes_max = 200,
                             .header_bytes_max = 300,
                             .headers_max = 8,
                             .body_bytes_max = 20,
                             .allow_chunked = true};
  std::mt19937 random(20240607);
  int complete = 0;
  int failed = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes(kSeeds[random() % std::size(kSeeds)]);
    for (unsigned left = random() % 4; left > 0; --left)
      mutate(bytes, random);
    const Outcome whole = feed_whole(bytes, limits);
    const std::string cut = describe(feed_randomly(bytes, limits, random));
    if (cut != describe(whole)) {
      CAPTURE(round);
      CAPTURE(bytes);
      CHECK(cut == describe(whole));
    }
    if (whole.status == RequestParser::Status::kComplete) {
      ++complete;
      check_promises(whole, limits);
    }
    if (whole.status == RequestParser::Status::kFailed) ++failed;
  }
  CHECK(complete > 1'000);
  CHECK(failed > 1'000);
}

}  // namespace madang::http::test
