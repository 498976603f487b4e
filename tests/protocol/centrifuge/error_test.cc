// SPDX-License-Identifier: Apache-2.0
#include "protocol/centrifuge/error.h"

#include "madang/base/status.h"
#include "protocol/centrifuge/client.h"

namespace madang::centrifuge {
namespace {

TEST_CASE("error: each status has its number and a text of ours") {
  struct Row {
    absl::StatusCode status;
    std::uint32_t code;
    std::string message;
    bool temporary;
  };
  const Row rows[] = {
      {absl::StatusCode::kUnauthenticated, 101, "unauthorized", false},
      {absl::StatusCode::kNotFound, 102, "unknown channel", false},
      {absl::StatusCode::kPermissionDenied, 103, "permission denied", false},
      {absl::StatusCode::kAlreadyExists, 105, "already subscribed", false},
      {absl::StatusCode::kOutOfRange, 106, "limit exceeded", false},
      {absl::StatusCode::kInvalidArgument, 107, "bad request", false},
      {absl::StatusCode::kUnimplemented, 108, "not available", false},
      {absl::StatusCode::kResourceExhausted, 111, "too many requests", true},
      {absl::StatusCode::kDataLoss, 112, "unrecoverable position", false},
      {absl::StatusCode::kUnavailable, 100, "internal server error", true},
      {absl::StatusCode::kInternal, 100, "internal server error", true},
      {absl::StatusCode::kUnknown, 100, "internal server error", true},
      {absl::StatusCode::kDeadlineExceeded, 100, "internal server error", true},
  };
  for (const auto& row : rows) {
    CAPTURE(row.code);
    const auto error = error_reply_of(absl::Status(row.status, "password=1234"));
    CHECK(error.code == row.code);
    CHECK(error.message == row.message);
    CHECK(error.temporary == row.temporary);
  }
}

TEST_CASE("error: a number of the application goes to the client with its text") {
  ConnectedClient client;
  client.session.rpcs.at_once =
      client_error({.code = 1042, .message = "closed \"for\"\ntoday \xFF", .temporary = true});
  CHECK(client.ask(R"({"id":2,"rpc":{}})") ==
        "{\"id\":2,\"error\":{\"code\":1042,\"message\":\"closed \\\"for\\\"\\u000atoday "
        "\xEF\xBF\xBD\",\"temporary\":true}}");
  client.session.rpcs.at_once = token_expired_error();
  CHECK(client.ask(R"({"id":3,"rpc":{}})") ==
        R"({"id":3,"error":{"code":109,"message":"token expired"}})");
}

TEST_CASE("error: each is counted, and the session's word to stop is heard") {
  ConnectedClient client;
  client.session.rpcs.at_once = absl::NotFoundError("");
  client.send("{\"id\":2,\"rpc\":{}}\n{\"id\":3,\"rpc\":{}}");
  CHECK(client.session.errors == 2);
  client.session.error_admission = Admission::kStop;
  client.take();
  client.send("{\"id\":4,\"rpc\":{}}\n{\"id\":5,\"rpc\":{}}");
  CHECK(client.take() == R"({"id":4,"error":{"code":102,"message":"unknown channel"}})");
  client.send(R"({"id":6,"rpc":{}})");
  CHECK(client.session.rpcs.asked.size() == 3);
}

TEST_CASE("error: a command above the rate is 111, and the next may go") {
  ConnectedClient client;
  client.session.admissions = {Admission::kRefuse, Admission::kRefuse, Admission::kGo};
  client.send("{\"id\":2,\"rpc\":{}}\n{\"send\":{\"data\":1}}\n{\"id\":4,\"rpc\":{}}");
  CHECK(client.take() ==
        "{\"id\":2,\"error\":{\"code\":111,\"message\":\"too many requests\",\"temporary\":true}}\n"
        "{\"id\":4,\"rpc\":{\"data\":null}}");
  CHECK(client.session.messages.empty());
  CHECK(client.session.commands == 3);
  CHECK(client.session.errors == 1);
}

TEST_CASE("error: a session that is being closed for its rate hears nothing more") {
  ConnectedClient client;
  client.session.admissions = {Admission::kStop};
  CHECK(client.ask("{\"id\":2,\"rpc\":{}}\n{\"id\":3,\"rpc\":{}}") == "");
  CHECK(client.session.rpcs.asked.empty());
  CHECK(client.session.commands == 1);
}

}  // namespace
}  // namespace madang::centrifuge
