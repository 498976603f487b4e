// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "backend/fixture.h"
#include "madang/base/status.h"

namespace madang {
namespace {

using namespace std::chrono_literals;
using testing::BackendFixture;
using testing::Client;
using testing::Gate;
using testing::http_answer;
using testing::TinyAnswer;
using testing::TinyRequest;
using Then = TinyAnswer::Then;

constexpr char kYes[] = R"({"result":{}})";

class Log final : public LogSink {
 public:
  void write(LogLevel, std::string_view cause, std::string_view text) override {
    const std::lock_guard lock(mutex_);
    lines_.push_back(std::string(cause) + " " + std::string(text));
  }
  std::vector<std::string> lines() const {
    const std::lock_guard lock(mutex_);
    return lines_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

// What the counters say of one rpc that the backend answers with `answer`.
BackendCounters after(const TinyAnswer& answer, Duration timeout = 10s) {
  BackendFixture f(
      [&](const TinyRequest& request) {
        return request.path == "/rpc" ? answer : http_answer(kYes);
      },
      [&](BackendOptions& options) { options.rpc.timeout = timeout; });
  const Client client = f.enter();
  const auto result = f.rpc(client);
  CHECK(absl::IsUnavailable(result.status()));
  CHECK_FALSE(client_error_of(result.status()).has_value());
  return f.backend->counters();
}

TEST_CASE("backend: an answer that is of no use is Unavailable, and counted by its kind") {
  CHECK(after(http_answer(kYes, 500)).bad_status == 1);
  CHECK(after(http_answer(kYes, 201)).bad_status == 1);
  CHECK(after(http_answer(kYes, 302, "Location: /connect\r\n")).bad_status == 1);
  CHECK(after(http_answer("nonsense")).malformed == 1);
  CHECK(after(http_answer(R"({"result":{"data":1},"error":{"code":1000}})")).malformed == 1);
  CHECK(after(http_answer(std::string(60'000, '['))).malformed == 1);
  CHECK(after(http_answer(std::string(1'000'000, ' '))).too_large == 1);
  CHECK(after({"", Then::kClose}).unreachable == 1);
  CHECK(after({"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{", Then::kClose}).unreachable == 1);
  CHECK(after({"", Then::kHang}, 30ms).timed_out == 1);
}

TEST_CASE("backend: a connect that fails is temporary, so that the client comes again") {
  BackendFixture f([](const TinyRequest&) { return http_answer("", 503); });
  const Client client = f.world.open();
  CHECK(absl::IsUnavailable(f.connect(client).status()));
  CHECK_FALSE(client.transport->close_reason().has_value());
}

TEST_CASE("backend: one that does not answer is left alone for a while, method by method") {
  BackendFixture f(
      [](const TinyRequest& request) {
        return request.path == "/rpc" ? http_answer("", 502) : http_answer(kYes);
      },
      [](BackendOptions& options) {
        options.failures_max = 3;
        options.pause_min = options.pause_max = 1h;
      });
  const Client client = f.enter();
  for (int i = 0; i < 10; ++i)
    CHECK(absl::IsUnavailable(f.rpc(client).status()));
  CHECK(f.backend->counters().bad_status == 3);
  CHECK(f.backend->counters().away == 7);
  CHECK(f.server.requests().size() == 4);
  f.enter();
}

TEST_CASE("backend: when it is back a probe finds out") {
  std::atomic<bool> good = true;
  BackendFixture f(
      [&](const TinyRequest&) {
        return good ? http_answer(kYes) : TinyAnswer{"", Then::kClose};
      },
      [](BackendOptions& options) {
        options.failures_max = 1;
        options.pause_min = options.pause_max = 1ms;
      });
  const Client client = f.enter();
  good = false;
  for (int i = 0; i < 5; ++i)
    CHECK(absl::IsUnavailable(f.rpc(client).status()));
  good = true;
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  while (!f.rpc(client).ok())
    REQUIRE(std::chrono::steady_clock::now() < deadline);
  for (int i = 0; i < 5; ++i)
    CHECK(f.rpc(client).ok());
}

TEST_CASE("backend: what a client can bring about by what it asks does not shut others out") {
  BackendFixture f(
      [](const TinyRequest& request) {
        if (request.body.find(R"("data":1)") != std::string::npos)
          return http_answer(std::string(100'000, ' '));
        if (request.body.find(R"("data":2)") != std::string::npos) return http_answer("", 404);
        if (request.body.find(R"("data":3)") != std::string::npos) return http_answer("nonsense");
        return http_answer(kYes);
      },
      [](BackendOptions& options) {
        options.failures_max = 1;
        options.pause_min = options.pause_max = 1h;
      });
  const Client client = f.enter();
  for (const char* const request : {"1", "2", "3"}) {
    CHECK(absl::IsUnavailable(f.rpc(client, request).status()));
    CHECK(f.rpc(client, "4").ok());
  }
}

TEST_CASE("backend: at the bound on calls one is ResourceExhausted, and the breaker is not asked") {
  Gate gate;
  BackendFixture f(
      [&](const TinyRequest& request) {
        if (request.path == "/rpc") gate.pass();
        return http_answer(kYes);
      },
      [](BackendOptions& options) {
        options.http.calls_max = 2;
        options.failures_max = 1;
        options.pause_min = options.pause_max = 1h;
      });
  const Client client = f.enter();
  std::vector<absl::Status> answers;
  const auto ask = [&] {
    client.session().rpc_command({"m", "1"}, [&](const absl::StatusOr<Payload>& result) {
      answers.push_back(result.status());
    });
  };
  ask();
  ask();
  ask();
  f.take_answer();
  REQUIRE(answers.size() == 1);
  CHECK(absl::IsResourceExhausted(answers[0]));
  CHECK(f.backend->counters().full == 1);
  gate.open();
  f.take_answer();
  f.take_answer();
  CHECK(answers[1].ok());
  CHECK(answers[2].ok());
  CHECK(f.rpc(client).ok());
}

TEST_CASE("backend: events that are too many are dropped and counted, and no call waits for them") {
  Gate gate;
  BackendFixture f(
      [&](const TinyRequest& request) {
        if (request.path == "/unsubscribe") gate.pass();
        return http_answer(kYes);
      },
      [](BackendOptions& options) {
        options.events_max = 2;
        options.http.calls_max = 1;
        options.http.connections_max = 1;
        options.event_connections_max = 1;
      });
  const Client client = f.enter();
  for (const char* const room : {"a", "b", "c", "d"}) {
    client.join(room);
    f.take_answer();
    client.leave(room);
    f.world.run();
  }
  CHECK(f.rpc(client).ok());
  CHECK(f.backend->counters().events == 4);
  CHECK(f.backend->counters().events_dropped == 2);
  CHECK(gate.wait_for(1));
  gate.open();
  CHECK(gate.wait_for(2));
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  while (f.backend->counters().events_told < 2)
    REQUIRE(std::chrono::steady_clock::now() < deadline);
}

TEST_CASE("backend: calls under way as it goes are Unavailable, and so are all after it") {
  Gate gate;
  BackendFixture f([&](const TinyRequest& request) {
    if (request.path == "/rpc") gate.pass();
    return http_answer(kYes);
  });
  const Client client = f.enter();
  absl::Status answered = absl::UnknownError("no answer yet");
  client.session().rpc_command(
      {"m", "1"}, [&](const absl::StatusOr<Payload>& result) { answered = result.status(); });
  CHECK(gate.wait_for(1));
  f.backend.reset();
  REQUIRE(f.tasks.size() == 1);
  f.take_answer();
  CHECK(absl::IsUnavailable(answered));
  CHECK(absl::IsUnavailable(f.rpc(client).status()));
  client.session().close({4000, "bye"});
  f.world.run();
  gate.open();
}

TEST_CASE("backend: answers for sessions that went meanwhile harm nobody") {
  Gate gate;
  BackendFixture f([&](const TinyRequest& request) {
    if (request.path == "/rpc") gate.pass();
    return http_answer(R"({"disconnect":{"code":4000}})");
  });
  const Client client = f.world.open();
  bool answered = false;
  client.session().connect_command({}, [&](const auto&) { answered = true; });
  client.transport->hang_up();
  f.world.run();
  f.take_answer();
  CHECK_FALSE(answered);
  CHECK(f.world.engine().counters().handler_answered_late == 1);
}

TEST_CASE("backend: failures are logged without what was answered, and not one by one") {
  Log log;
  BackendFixture f(
      [](const TinyRequest& request) {
        return request.path == "/rpc" ? http_answer("secret", 500) : http_answer(kYes);
      },
      [&](BackendOptions& options) {
        options.log = &log;
        options.failures_max = 50;
        options.pause_min = options.pause_max = 1h;
      });
  const Client client = f.enter();
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 100; ++i)
    CHECK_FALSE(f.rpc(client).ok());
  const auto took = std::chrono::steady_clock::now() - begin;
  const auto lines = log.lines();
  REQUIRE(lines.size() >= 2);
  CHECK(lines.size() <= 3 + static_cast<std::size_t>(took / 1s));
  CHECK(lines.front() == "backend_failed rpc: the HTTP status is 500");
  CHECK(lines.back() == "backend_away rpc: calls fail at once for 3600000 ms");
  for (const std::string& line : lines)
    CHECK(line.find("secret") == std::string::npos);
}

}  // namespace
}  // namespace madang
