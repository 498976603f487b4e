// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "http/feed.h"

namespace madang::http::test {
namespace {

using namespace std::string_view_literals;

std::string path_of(std::string_view target) {
  return feed_every_way(get_target(target)).request.path;
}

}  // namespace

TEST_CASE("target: the path is percent-decoded and the query is left alone") {
  CHECK(path_of("/") == "/");
  CHECK(path_of("/rooms/a%20b%21") == "/rooms/a b!");
  CHECK(path_of("/%EC%95%88%eb%85%95") == "/\xec\x95\x88\xeb\x85\x95");
  CHECK(path_of("/a+b") == "/a+b");
  CHECK(path_of("/%2561") == "/%61");
  CHECK(path_of("//a//") == "//a//");

  const Request request = feed_every_way(get_target("/p?a=%20+b?c=/../%2f")).request;
  CHECK(request.path == "/p");
  CHECK(request.query == "a=%20+b?c=/../%2f");
  CHECK(feed_whole(get_target("/p?")).request.query.empty());
}

TEST_CASE("target: dot segments are refused, encoded or not") {
  for (std::string_view target : {"/.."sv, "/."sv, "/../a"sv, "/a/.."sv, "/a/../b"sv, "/a/./b"sv,
                                  "/%2e%2E/a"sv, "/.%2e"sv, "/a/%2e?x"sv}) {
    CAPTURE(target);
    CHECK(refusal_of(get_target(target)) == 400);
  }
  CHECK(path_of("/...") == "/...");
  CHECK(path_of("/a../.b/..c") == "/a../.b/..c");
}

TEST_CASE("target: bad percent-encoding is refused in path and query") {
  for (std::string_view target :
       {"/%"sv, "/%2"sv, "/%zz"sv, "/%2x"sv, "/%-1"sv, "/%%20"sv, "/a?b=%"sv, "/a?b=%g0"sv}) {
    CAPTURE(target);
    CHECK(refusal_of(get_target(target)) == 400);
  }
}

TEST_CASE("target: an encoded slash or control byte in the path is refused") {
  for (std::string_view target :
       {"/a%2fb"sv, "/a%2F..%2fb"sv, "/a%00b"sv, "/%0d%0a"sv, "/%7f"sv, "/%1b"sv}) {
    CAPTURE(target);
    CHECK(refusal_of(get_target(target)) == 400);
  }
}

TEST_CASE("target: only a path is a target") {
  for (std::string_view target :
       {"http://example.com/"sv, "https://example.com"sv, "example.com:443"sv, "*"sv, "a"sv, "?a"sv,
        "/a#b"sv, "/a?b#c"sv, "javascript:1"sv}) {
    CAPTURE(target);
    CHECK(refusal_of(get_target(target)) == 400);
  }
  CHECK(refusal_of("CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n") == 400);
  CHECK(refusal_of("OPTIONS * HTTP/1.1\r\nHost: example.com\r\n\r\n") == 400);
}

TEST_CASE("target: a byte that is not visible ASCII is refused") {
  for (int c = 0; c < 256; ++c) {
    if ((c > 0x20 && c < 0x7f)) continue;
    std::string target = "/a";
    target += static_cast<char>(c);
    target += 'b';
    CAPTURE(c);
    CHECK(refusal_of(get_target(target)) == 400);
  }
}

}  // namespace madang::http::test
