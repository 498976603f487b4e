// SPDX-License-Identifier: Apache-2.0
#include "madang/backend/http_caller.h"

#include <doctest/doctest.h>

#include <chrono>
#include <memory>
#include <string>

#include "backend/mailbox.h"
#include "backend/tiny_server.h"

namespace madang {
namespace {

using namespace std::chrono_literals;
using testing::Gate;
using testing::http_answer;
using testing::Mailbox;
using testing::TinyAnswer;
using testing::TinyRequest;
using testing::TinyServer;
using Then = TinyAnswer::Then;

using Answers = Mailbox<absl::StatusOr<HttpAnswer>>;

std::unique_ptr<HttpCaller> make(HttpCallerOptions options = {}) {
  auto made = HttpCaller::make(std::move(options));
  REQUIRE(made.ok());
  return *std::move(made);
}

void post(HttpCaller& caller, const std::string& url, Answers& to, std::string body = "{}",
          Duration timeout = 10s) {
  caller.post(url, std::move(body), timeout,
              [&to](absl::StatusOr<HttpAnswer> answer) { to.put(std::move(answer)); });
}

absl::StatusOr<HttpAnswer> post_now(HttpCaller& caller, const std::string& url,
                                    Duration timeout = 10s) {
  Answers answers;
  post(caller, url, answers, "{}", timeout);
  return answers.take();
}

// What a caller makes of one answer to its only call.
absl::StatusOr<HttpAnswer> answered(const TinyAnswer& answer, Duration timeout = 10s) {
  TinyServer server([&](const TinyRequest&) { return answer; });
  const auto caller = make();
  return post_now(*caller, server.url(), timeout);
}

TEST_CASE("http: a call posts its body and the headers, and connections are kept") {
  TinyServer server([](const TinyRequest&) { return http_answer("[1]"); });
  const auto caller = make({.headers = {{"Authorization", "key 1"}}, .user_agent = "mine"});
  Answers answers;
  const std::string body(100'000, '7');
  post(*caller, server.url("/a?b"), answers, body);
  auto answer = answers.take();
  REQUIRE(answer.ok());
  CHECK(answer->status == 200);
  CHECK(answer->body == "[1]");
  REQUIRE(post_now(*caller, server.url("/again")).ok());

  const auto requests = server.requests();
  REQUIRE(requests.size() == 2);
  CHECK(requests[0].path == "/a?b");
  CHECK(requests[0].body == body);
  CHECK(requests[0].head.starts_with("POST "));
  for (const char* const header :
       {"Content-Type: application/json\r\n", "Authorization: key 1\r\n", "User-Agent: mine\r\n"})
    CHECK(requests[0].head.find(header) != std::string::npos);
  CHECK(requests[0].head.find("Expect:") == std::string::npos);
  CHECK(requests[1].connection == 1);
}

TEST_CASE("http: every status is an answer, and a redirect is not followed") {
  for (const int status : {204, 302, 404, 500}) {
    TinyServer server([&](const TinyRequest&) {
      return http_answer("", status, status == 302 ? "Location: /elsewhere\r\n" : "");
    });
    const auto caller = make();
    const auto answer = post_now(*caller, server.url());
    REQUIRE(answer.ok());
    CHECK(answer->status == status);
    CHECK(server.requests().size() == 1);
  }
}

TEST_CASE("http: an answer may come in pieces, with trailers, or after another head") {
  for (const char* const bytes :
       {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        "1\r\n{\r\n1\r\n}\r\n0\r\nX: y\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        "HTTP/1.0 200 OK\n\n{}"}) {
    const auto answer = answered({bytes, Then::kClose});
    REQUIRE(answer.ok());
    CHECK(answer->body == "{}");
  }
}

TEST_CASE("http: an answer that is none, late, cut or too large is an error of its kind") {
  CHECK(absl::IsUnavailable(answered({"", Then::kClose}).status()));
  CHECK(absl::IsUnavailable(answered({"nonsense\r\n\r\n", Then::kClose}).status()));
  CHECK(absl::IsUnavailable(answered({"HTTP/1.1 200 OK\r\nContent-Le", Then::kClose}).status()));
  CHECK(absl::IsUnavailable(
      answered({"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}", Then::kClose}).status()));
  CHECK(absl::IsUnavailable(
      answered({"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{}", Then::kClose})
          .status()));
  CHECK(absl::IsDeadlineExceeded(answered({"", Then::kHang}, 30ms).status()));
  CHECK(absl::IsDeadlineExceeded(
      answered({"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}", Then::kHang}, 30ms).status()));

  const std::string megabyte(1'000'000, ' ');
  CHECK(absl::IsOutOfRange(answered(http_answer(megabyte)).status()));
  CHECK(absl::IsOutOfRange(
      answered({"HTTP/1.1 200 OK\r\nContent-Length: 9000000000\r\n\r\n", Then::kHang}).status()));
  CHECK(absl::IsOutOfRange(
      answered({"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + megabyte, Then::kHang}).status()));
  std::string headers = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 1'000; ++i)
    headers += "X-More: 0123456789012345678901234567890123456789\r\n";
  CHECK(absl::IsOutOfRange(answered({headers, Then::kHang}).status()));
}

TEST_CASE("http: who is not there, or does not speak TLS, gets no call") {
  std::string url;
  {
    const TinyServer server([](const TinyRequest&) { return http_answer(""); });
    url = server.url();
  }
  const auto caller = make();
  CHECK(absl::IsUnavailable(post_now(*caller, url).status()));
  const TinyServer server([](const TinyRequest&) { return http_answer(""); });
  const std::string with_tls = "https" + server.url().substr(4);
  CHECK(absl::IsDeadlineExceeded(post_now(*caller, with_tls, 50ms).status()));
  CHECK(server.requests().empty());
}

TEST_CASE("http: a call whose kept connection is closed under it is not made twice") {
  TinyServer server([](const TinyRequest& request) {
    return request.path == "/cut" ? TinyAnswer{"", Then::kClose} : http_answer("");
  });
  const auto caller = make();
  REQUIRE(post_now(*caller, server.url()).ok());
  CHECK(absl::IsUnavailable(post_now(*caller, server.url("/cut")).status()));
  REQUIRE(server.requests().size() == 2);
  CHECK(server.requests()[1].connection == 1);
  CHECK(post_now(*caller, server.url()).ok());
}

TEST_CASE("http: at a bound on calls or their bytes one is refused at once") {
  Gate gate;
  TinyServer server([&](const TinyRequest&) {
    gate.pass();
    return http_answer("");
  });
  const auto caller = make({.calls_max = 3, .calls_bytes_max = 100, .connections_max = 1});
  Answers answers;
  post(*caller, server.url(), answers);
  CHECK(gate.wait_for(1));
  Answers refused;
  post(*caller, server.url(), refused, std::string(99, ' '));
  REQUIRE(refused.size() == 1);
  CHECK(absl::IsResourceExhausted(refused.take().status()));
  // It waits for the connection, in vain.
  CHECK(absl::IsDeadlineExceeded(post_now(*caller, server.url(), 20ms).status()));
  post(*caller, server.url(), answers);
  post(*caller, server.url(), answers);
  post(*caller, server.url(), refused);
  REQUIRE(refused.size() == 1);
  CHECK(absl::IsResourceExhausted(refused.take().status()));
  gate.open();
  for (int i = 0; i < 3; ++i)
    CHECK(answers.take().ok());
  CHECK(post_now(*caller, server.url()).ok());
  CHECK(server.requests().size() == 4);
}

TEST_CASE("http: many calls at once are all answered") {
  TinyServer server([](const TinyRequest& request) { return http_answer(request.body); });
  const auto caller = make({.connections_max = 8});
  Answers answers;
  for (int i = 0; i < 500; ++i)
    post(*caller, server.url(), answers, std::to_string(i));
  int sum = 0;
  for (int i = 0; i < 500; ++i) {
    const auto answer = answers.take();
    REQUIRE(answer.ok());
    sum += std::stoi(answer->body);
  }
  CHECK(sum == 500 * 499 / 2);
  std::size_t connections = 0;
  for (const TinyRequest& request : server.requests())
    connections = std::max(connections, request.connection);
  CHECK(connections <= 8);
}

TEST_CASE("http: a callback may call again") {
  TinyServer server([](const TinyRequest&) { return http_answer(""); });
  const auto caller = make({.calls_max = 1});
  Answers answers;
  caller->post(server.url(), "{}", 10s,
               [&](const absl::StatusOr<HttpAnswer>&) { post(*caller, server.url(), answers); });
  CHECK(answers.take().ok());
}

TEST_CASE("http: calls that are under way or wait as it stops are answered before it has") {
  Gate gate;
  TinyServer server([&](const TinyRequest&) {
    gate.pass();
    return http_answer("");
  });
  auto caller = make({.connections_max = 1});
  Answers answers;
  for (int i = 0; i < 3; ++i)
    post(*caller, server.url(), answers);
  CHECK(gate.wait_for(1));
  caller->stop();
  REQUIRE(answers.size() == 3);
  for (int i = 0; i < 3; ++i)
    CHECK(absl::IsUnavailable(answers.take().status()));
  post(*caller, server.url(), answers);
  REQUIRE(answers.size() == 1);
  CHECK(absl::IsUnavailable(answers.take().status()));
  caller->stop();
  gate.open();
}

TEST_CASE("http: what can be no call is refused") {
  for (const char* const url : {"", "localhost", "/path", "ftp://host/", "file:///etc/passwd",
                                "http://", "http://u:p@host/", "http://ho st/", "http://host:x/"}) {
    CAPTURE(url);
    CHECK(absl::IsInvalidArgument(HttpCaller::check_url(url)));
    const auto caller = make();
    CHECK(absl::IsInvalidArgument(post_now(*caller, url).status()));
  }
  CHECK(HttpCaller::check_url("https://host.example:8443/path?query").ok());
  CHECK(HttpCaller::check_url("http://[::1]:3000/").ok());

  const auto with_header = [](std::string name, std::string value) {
    return HttpCaller::make({.headers = {{std::move(name), std::move(value)}}}).status();
  };
  CHECK(with_header("X-Key", "a b").ok());
  CHECK(absl::IsInvalidArgument(with_header("X-Key", "a\r\nX-Other: b")));
  CHECK(absl::IsInvalidArgument(with_header("X-Key", "")));
  CHECK(absl::IsInvalidArgument(with_header("X Key", "a")));
  CHECK(absl::IsInvalidArgument(with_header("", "a")));
  CHECK(absl::IsInvalidArgument(HttpCaller::make({.connections_max = 0}).status()));
}

}  // namespace
}  // namespace madang
