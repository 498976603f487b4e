// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "stream_fixture.h"

namespace madang {

namespace {

constexpr std::string_view kPage = "https://page.example";

std::string origin(std::string_view value) { return "Origin: " + std::string(value) + "\r\n"; }

bool has(std::string_view response, std::string_view line) {
  return response.find("\r\n" + std::string(line) + "\r\n") != response.npos;
}

void only_page(EngineOptions&, ServerOptions& options) {
  options.origins = *http::OriginPolicy::list({std::string(kPage)});
}

}  // namespace

TEST_CASE("cors: the pages of the list may, on each path and for each answer, and are told so") {
  StreamFixture test(only_page);
  const std::string headers = origin(kPage);
  struct Case {
    std::string request;
    std::string_view status;
  };
  const Case cases[] = {
      {lines_request(kConnect, headers), "200"},
      {events_request(kConnect, headers), "200"},
      {lines_request("", headers), "400"},
      {request_of("GET", "/connection/sse", headers), "400"},
      {request_of("POST", "/emulation", headers, "x"), "400"},
      {request_of("POST", "/emulation", headers, R"({"session":"x","node":"x","data":"{}"})"),
       "404"},
      {request_of("GET", "/emulation", headers), "405"},
      {request_of("POST", "/connection/http_stream",
                  headers + "Content-Type: application/octet-stream\r\n", "x"),
       "415"},
  };
  for (const Case& each : cases) {
    CAPTURE(each.request);
    const std::string response = ask(test.port(), each.request);
    CHECK(status_of(response) == each.status);
    CHECK(has(response, "Access-Control-Allow-Origin: https://page.example"));
    CHECK(has(response, "Access-Control-Allow-Credentials: true"));
    CHECK(has(response, "Vary: Origin"));
  }
  StreamClient client = test.stream();
  const std::string commands = client.handing_in(R"({"id":2,"rpc":{"data":1}})");
  const std::string with_origin = commands.substr(0, commands.find("\r\n") + 2) + headers +
                                  commands.substr(commands.find("\r\n") + 2);
  const std::string response = ask(test.port(), with_origin);
  CHECK(status_of(response) == "204");
  CHECK(has(response, "Access-Control-Allow-Origin: https://page.example"));
}

TEST_CASE("cors: a page asks before it sends, and is answered for each path") {
  StreamFixture test(only_page);
  for (const std::string_view path : {"/connection/http_stream", "/connection/sse", "/emulation"}) {
    CAPTURE(path);
    const std::string response =
        ask(test.port(),
            request_of("OPTIONS", path,
                       origin(kPage) + "Access-Control-Request-Method: POST\r\n"
                                       "Access-Control-Request-Headers: content-type\r\n"));
    CHECK(status_of(response) == "204");
    CHECK(has(response, "Access-Control-Allow-Origin: https://page.example"));
    CHECK(has(response, path == "/connection/sse" ? "Access-Control-Allow-Methods: GET, POST"
                                                  : "Access-Control-Allow-Methods: POST"));
    CHECK(has(response, "Access-Control-Allow-Headers: Content-Type"));
    CHECK(has(response, "Access-Control-Max-Age: 3600"));
    CHECK(response.find("Content-Length") == response.npos);
  }
  const std::string no_page = ask(test.port(), request_of("OPTIONS", "/emulation"));
  CHECK(status_of(no_page) == "204");
  CHECK(no_page.find("Access-Control") == no_page.npos);
  CHECK(has(no_page, "Allow: POST, OPTIONS"));
}

TEST_CASE("cors: other pages are refused, without a word that would let them read why") {
  StreamFixture test(only_page);
  std::uint64_t refused = 0;
  for (const std::string_view other :
       {"https://other.example", "http://page.example", "https://page.example:444",
        "https://page.example.evil.example", "https://evil.example/https://page.example", "null",
        "https://PAGE.example.", "*"}) {
    for (const std::string& request :
         {lines_request(kConnect, origin(other)), events_request(kConnect, origin(other)),
          request_of("OPTIONS", "/emulation", origin(other)),
          request_of("POST", "/emulation", origin(other), "{}")}) {
      CAPTURE(request);
      const std::string response = ask(test.port(), request);
      CHECK(status_of(response) == "403");
      CHECK(response.find("Access-Control") == response.npos);
      ++refused;
    }
  }
  CHECK(test.server->counters().origins_refused == refused);
  CHECK(test.server->counters().streams == 0);
  CHECK(test.server->counters().emulations == 0);
}

TEST_CASE("cors: by default only pages of this very server may, and clients that are no browsers") {
  StreamFixture test;
  CHECK(ask_status(test.port(), lines_request(kConnect, origin("http://localhost"))) == "200");
  CHECK(ask_status(test.port(), lines_request(kConnect, origin("http://localhost:1"))) == "403");
  CHECK(ask_status(test.port(), lines_request(kConnect)) == "200");
  const std::string response = ask(test.port(), lines_request(kConnect));
  CHECK(response.find("Access-Control") == response.npos);
}

TEST_CASE("cors: without an Origin the browser's word counts, or else the host's") {
  for (const bool allow_absent : {true, false}) {
    CAPTURE(allow_absent);
    StreamFixture test([&](EngineOptions&, ServerOptions& options) {
      options.allow_absent_origin = allow_absent;
    });
    const std::string_view host_says = allow_absent ? "200" : "403";
    CHECK(ask_status(test.port(), events_request(kConnect)) == host_says);
    // A page of this server asks by GET.
    CHECK(ask_status(test.port(), events_request(kConnect, "Sec-Fetch-Site: same-origin\r\n")) ==
          "200");
    // Another page has its visitor's browser load an image from here.
    for (const std::string_view site : {"cross-site", "same-site", "none", ""}) {
      CHECK(ask_status(test.port(),
                       events_request(kConnect, "Sec-Fetch-Site: " + std::string(site) + "\r\n")) ==
            "403");
    }
  }
}

}  // namespace madang
