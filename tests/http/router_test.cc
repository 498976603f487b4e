// SPDX-License-Identifier: Apache-2.0
#include "madang/http/router.h"

#include <doctest/doctest.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace madang::http::test {
namespace {

using Outcome = Router::Outcome;

// Keeps every answer, so that a second one would show.
struct Client {
  std::vector<Response> answers;

  Responder responder() {
    return Responder([this](Response response) { answers.push_back(std::move(response)); });
  }

  std::string body() const {
    REQUIRE(answers.size() == 1);
    return std::string(answers[0].body.view());
  }

  int status() const {
    REQUIRE(answers.size() == 1);
    return answers[0].status;
  }
};

Router::Handler say(std::string text) {
  return [text](const Request&, Responder responder) {
    Response response;
    response.body = text;
    responder.send(std::move(response));
  };
}

Request request_to(std::string method, std::string path) {
  Request request;
  request.method = std::move(method);
  request.path = std::move(path);
  return request;
}

std::string answer_to(const Router& router, std::string method, std::string path) {
  Client client;
  router.route(request_to(std::move(method), std::move(path)), client.responder());
  return client.body();
}

}  // namespace

TEST_CASE("router: an exact path wins over a prefix and a long prefix over a short one") {
  Router router;
  router.handle_prefix("GET", "/", say("root"));
  router.handle_prefix("GET", "/files", say("files"));
  router.handle_prefix("GET", "/files/deep/", say("deep"));
  router.handle_prefix("GET", "/files-too", say("too"));
  router.handle("GET", "/files/deep/one", say("one"));
  CHECK(answer_to(router, "GET", "/") == "root");
  CHECK(answer_to(router, "GET", "/other") == "root");
  CHECK(answer_to(router, "GET", "/filesystem") == "root");
  CHECK(answer_to(router, "GET", "/Files") == "root");
  CHECK(answer_to(router, "GET", "/files") == "files");
  CHECK(answer_to(router, "GET", "/files/") == "files");
  CHECK(answer_to(router, "GET", "/files/deeper") == "files");
  CHECK(answer_to(router, "GET", "/files-too/x") == "too");
  CHECK(answer_to(router, "GET", "/files/deep") == "deep");
  CHECK(answer_to(router, "GET", "/files/deep/one/more") == "deep");
  CHECK(answer_to(router, "GET", "/files/deep/one") == "one");
}

TEST_CASE("router: a path without a route is 404") {
  Router router;
  router.handle("GET", "/a", say("a"));
  Client client;
  CHECK(router.route(request_to("GET", "/a/"), client.responder()) == Outcome::kNotFound);
  CHECK(client.status() == 404);
}

TEST_CASE("router: a method without a handler is 405 and Allow tells the others") {
  Router router;
  router.handle("GET", "/a", say("get"));
  router.handle("POST", "/a", say("post"));
  router.handle_prefix("DELETE", "/", say("prefix"));
  Client client;
  CHECK(router.route(request_to("DELETE", "/a"), client.responder()) == Outcome::kMethodNotAllowed);
  CHECK(client.status() == 405);
  CHECK(client.answers[0].headers.back().name == "Allow");
  CHECK(client.answers[0].headers.back().value == "GET, POST, HEAD");
  CHECK(answer_to(router, "POST", "/a") == "post");
}

TEST_CASE("router: HEAD is answered as GET without the body") {
  Router router;
  router.handle("GET", "/a", say("hello"));
  router.handle("POST", "/b", say("hello"));
  router.handle("HEAD", "/c", say("own"));
  router.handle("GET", "/c", say("get"));
  for (const auto& [path, status] : {std::pair("/a", 200), {"/b", 405}, {"/c", 200}, {"/d", 404}}) {
    Client client;
    router.route(request_to("HEAD", path), client.responder());
    CHECK(client.status() == status);
    CHECK(client.answers[0].omit_body);
    CHECK(serialize(client.answers[0]).body.empty());
  }
  CHECK(answer_to(router, "HEAD", "/c") == "own");
  Client client;
  router.route(request_to("GET", "/a"), client.responder());
  CHECK_FALSE(client.answers[0].omit_body);
}

TEST_CASE("router: the latest handler for a method and path counts") {
  Router router;
  router.handle("GET", "/a", say("old"));
  router.handle("GET", "/a", say("new"));
  CHECK(answer_to(router, "GET", "/a") == "new");
}

TEST_CASE("router: a handler that throws has answered 500 once") {
  Router router;
  router.handle("GET", "/before", [](const Request&, Responder) { throw std::runtime_error("x"); });
  router.handle("GET", "/after", [](const Request&, Responder responder) {
    responder.send(text_response(200, "done"));
    throw 7;
  });
  router.handle("GET", "/null", nullptr);
  for (const auto& [path, status] : {std::pair("/before", 500), {"/after", 200}, {"/null", 500}}) {
    Client client;
    CHECK(router.route(request_to("GET", path), client.responder()) == Outcome::kHandlerThrew);
    CHECK(client.status() == status);
  }
}

TEST_CASE("responder: the first answer counts") {
  Client client;
  Responder responder = client.responder();
  CHECK_FALSE(responder.answered());
  CHECK(responder.send(text_response(200, "first")));
  CHECK(responder.answered());
  CHECK_FALSE(responder.send(text_response(200, "second")));
  CHECK(client.body() == "first\n");
}

TEST_CASE("responder: one that is dropped answers 500, one that was moved away does not") {
  Client client;
  {
    Responder first = client.responder();
    const Responder second = std::move(first);
    CHECK(client.answers.empty());
  }
  CHECK(client.status() == 500);
}

TEST_CASE("responder: one that is overwritten answers 500") {
  Client old_client;
  Client new_client;
  Responder responder = old_client.responder();
  responder = new_client.responder();
  CHECK(old_client.status() == 500);
  CHECK(new_client.answers.empty());
  responder.send(text_response(200, "ok"));
  CHECK(new_client.status() == 200);
}

TEST_CASE("responder: the answer may come later and from another thread") {
  Router router;
  std::optional<Responder> kept;
  router.handle("GET", "/later", [&kept](const Request&, Responder responder) {
    kept.emplace(std::move(responder));
  });
  Client client;
  CHECK(router.route(request_to("HEAD", "/later"), client.responder()) == Outcome::kHandled);
  CHECK(client.answers.empty());
  std::thread([&kept] { kept->send(text_response(200, "late")); }).join();
  CHECK(client.body() == "late\n");
  CHECK(client.answers[0].omit_body);
}

}  // namespace madang::http::test
