// SPDX-License-Identifier: Apache-2.0
#include "madang/http/origin.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

namespace madang::http::test {
namespace {

using Verdict = OriginPolicy::Verdict;
using namespace std::string_view_literals;

Request request_from(std::string_view origin, std::string_view host = "example.com") {
  Request request;
  request.headers = {{"Host", std::string(host)}, {"Origin", std::string(origin)}};
  return request;
}

Verdict verdict(const OriginPolicy& policy, std::string_view origin,
                std::string_view host = "example.com", std::string_view scheme = {}) {
  return policy.check(request_from(origin, host), scheme);
}

constexpr std::string_view kNoOrigins[] = {
    "",
    "null",
    "NULL",
    "*",
    "example.com",
    "//example.com",
    "://example.com",
    "https:/example.com",
    "https://",
    "https://example.com/",
    "https://example.com/path",
    "https://example.com?x",
    "https://example.com#x",
    "https://user@example.com",
    "https://example.com:",
    "https://example.com:0",
    "https://example.com:65536",
    "https://example.com:4 43",
    "https://example.com:+443",
    "https://*.example.com",
    "https://exa mple.com",
    "https://example.com https://evil.com",
    "https://example.com,https://evil.com",
    "https://\xc3\xa4.com",
    "ht tp://example.com",
    "https://[::1",
    "https://[::1]evil",
};

}  // namespace

TEST_CASE("origin: scheme, host and port are read and made comparable") {
  const Origin origin{"https", "example.com", 443};
  CHECK(parse_origin("https://example.com") == origin);
  CHECK(parse_origin("HTTPS://Example.COM:443") == origin);
  CHECK(parse_origin("http://example.com") == Origin{"http", "example.com", 80});
  CHECK(parse_origin("https://example.com:8443") == Origin{"https", "example.com", 8443});
  CHECK(parse_origin("http://[::1]:8000") == Origin{"http", "[::1]", 8000});
  CHECK(parse_origin("capacitor://localhost") == Origin{"capacitor", "localhost", 0});
}

TEST_CASE("origin: what is not an origin is no entry of a list and is refused by every policy") {
  const OriginPolicy list = *OriginPolicy::list({"https://example.com"});
  for (std::string_view text : kNoOrigins) {
    CAPTURE(text);
    CHECK_FALSE(parse_origin(text));
    CHECK_FALSE(OriginPolicy::list({"https://example.com", std::string(text)}));
    CHECK(verdict(OriginPolicy::any(), text) == Verdict::kRefused);
    CHECK(verdict(OriginPolicy::same_origin(), text) == Verdict::kRefused);
    CHECK(verdict(list, text) == Verdict::kRefused);
  }
}

TEST_CASE("origin: a list allows its entries exactly") {
  const OriginPolicy policy = *OriginPolicy::list(
      {"https://example.com", "http://localhost:3000", "https://a.example.com"});
  for (std::string_view good : {"https://example.com"sv, "https://EXAMPLE.com:443"sv,
                                "http://localhost:3000"sv, "https://a.example.com"sv}) {
    CAPTURE(good);
    CHECK(verdict(policy, good) == Verdict::kAllowed);
  }
  for (std::string_view bad :
       {"http://example.com"sv, "https://example.com:8443"sv, "https://evilexample.com"sv,
        "https://example.com.evil.com"sv, "https://b.example.com"sv, "https://example.co"sv,
        "https://example.com."sv, "http://localhost"sv, "http://localhost:30000"sv}) {
    CAPTURE(bad);
    CHECK(verdict(policy, bad) == Verdict::kRefused);
  }
  CHECK(verdict(*OriginPolicy::list({}), "https://example.com") == Verdict::kRefused);
}

TEST_CASE("origin: by default a page must come from the host it talks to") {
  const OriginPolicy policy;
  CHECK(verdict(policy, "https://example.com", "example.com") == Verdict::kAllowed);
  CHECK(verdict(policy, "https://example.com", "Example.com:443") == Verdict::kAllowed);
  CHECK(verdict(policy, "http://localhost:8000", "localhost:8000") == Verdict::kAllowed);
  CHECK(verdict(policy, "http://[::1]:8000", "[::1]:8000") == Verdict::kAllowed);
  CHECK(verdict(policy, "http://localhost:8001", "localhost:8000") == Verdict::kRefused);
  CHECK(verdict(policy, "http://localhost", "localhost:8000") == Verdict::kRefused);
  CHECK(verdict(policy, "https://example.com:8443", "example.com") == Verdict::kRefused);
  CHECK(verdict(policy, "https://example.com", "example.com:80") == Verdict::kRefused);
  CHECK(verdict(policy, "https://example.com.evil.com", "example.com") == Verdict::kRefused);
  CHECK(verdict(policy, "https://a.example.com", "example.com") == Verdict::kRefused);
}

TEST_CASE("origin: a listener that knows its scheme has it compared") {
  const OriginPolicy policy = OriginPolicy::same_origin();
  CHECK(verdict(policy, "https://example.com", "example.com", "https") == Verdict::kAllowed);
  CHECK(verdict(policy, "http://example.com", "example.com", "https") == Verdict::kRefused);
}

TEST_CASE("origin: any allows every page with an origin") {
  CHECK(verdict(OriginPolicy::any(), "https://evil.com") == Verdict::kAllowed);
}

TEST_CASE("origin: an absent origin is told apart, a repeated one refused") {
  Request absent;
  absent.headers = {{"Host", "example.com"}};
  Request twice = request_from("https://example.com");
  twice.headers.push_back({"origin", "https://example.com"});
  for (const OriginPolicy& policy : {OriginPolicy::same_origin(), OriginPolicy::any(),
                                     *OriginPolicy::list({"https://example.com"})}) {
    CHECK(policy.check(absent) == Verdict::kAbsent);
    CHECK(policy.check(twice) == Verdict::kRefused);
  }
}

}  // namespace madang::http::test
