// SPDX-License-Identifier: Apache-2.0
#include "madang/api/http_api.h"

#include <doctest/doctest.h>

#include <optional>
#include <string>

#include "engine/fixture.h"

using namespace madang;
using namespace madang::testing;

namespace {

constexpr std::string_view kKey = "0123456789abcdef";

struct Fixture {
  explicit Fixture(bool insecure = false) {
    HttpApiOptions options;
    options.insecure = insecure;
    if (!insecure) options.key = kKey;
    options.api.engine = &world.engine();
    REQUIRE(add_http_api(router, std::move(options)).ok());
  }

  http::Response request(const std::string& method, const std::string& path,
                         http::Headers headers = {}, const std::string& body = "{}") {
    std::optional<http::Response> answer;
    http::Request request;
    request.method = method;
    request.path = request.target = path;
    request.headers = std::move(headers);
    request.body = body;
    router.route(request,
                 http::Responder([&](http::Response response) { answer = std::move(response); }));
    world.run();
    REQUIRE(answer.has_value());
    return *answer;
  }

  World world;
  http::Router router;
};

http::Headers key(std::string_view key) { return {{"X-API-Key", std::string(key)}}; }

}  // namespace

TEST_CASE("http api: a call with the key is answered with JSON, also where the method fails") {
  Fixture f;
  const auto info = f.request("POST", "/api/info", key(kKey));
  CHECK(info.status == 200);
  CHECK(info.headers.front().value == "application/json");
  CHECK(info.body.view().starts_with(R"({"result":{"nodes":[)"));
  const auto failed = f.request("POST", "/api/publish", key(kKey));
  CHECK(failed.status == 200);
  CHECK(failed.body.view() == R"({"error":{"code":107,"message":"bad request"}})");
  CHECK(f.request("POST", "/api/info", {{"Authorization", "apikey " + std::string(kKey)}}).status ==
        200);
}

TEST_CASE("http api: without the key nothing is done, and nothing is told") {
  Fixture f;
  const std::string body = R"({"channel":"room","data":1})";
  for (const std::string_view wrong : {"", "0123456789abcdeF", "0123456789abcde",
                                       "0123456789abcdef0", "0123456789abcdef0123456789abcdef"}) {
    CHECK(f.request("POST", "/api/publish", key(wrong), body).status == 401);
    CHECK(f.request("POST", "/api/nothing", key(wrong), body).status == 401);
  }
  CHECK(f.request("POST", "/api/publish", {}, body).status == 401);
  CHECK(f.request("POST", "/api/publish", {{"Authorization", std::string(kKey)}}, body).status ==
        401);
  CHECK(f.world.engine().counters().published == 0);
}

TEST_CASE("http api: other methods and paths have their own status") {
  Fixture f;
  CHECK(f.request("POST", "/api/nothing", key(kKey)).status == 404);
  CHECK(f.request("POST", "/api", key(kKey)).status == 404);
  CHECK(f.request("POST", "/api/", key(kKey)).status == 404);
  CHECK(f.request("POST", "/api/info/more", key(kKey)).status == 404);
  CHECK(f.request("GET", "/api/info", key(kKey)).status == 405);
  CHECK(f.request("POST", "/other", key(kKey)).status == 404);
}

TEST_CASE("http api: it is open to all only where that is said") {
  Fixture open(true);
  CHECK(open.request("POST", "/api/info").status == 200);
  World world;
  http::Router router;
  HttpApiOptions options;
  CHECK(absl::IsInvalidArgument(add_http_api(router, options)));
  options.api.engine = &world.engine();
  CHECK(absl::IsInvalidArgument(add_http_api(router, options)));
  options.key = "short";
  CHECK(absl::IsInvalidArgument(add_http_api(router, options)));
  options.key = kKey;
  options.insecure = true;
  CHECK(absl::IsInvalidArgument(add_http_api(router, options)));
}
