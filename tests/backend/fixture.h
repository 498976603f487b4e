// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "backend/mailbox.h"
#include "backend/tiny_server.h"
#include "engine/fixture.h"
#include "madang/backend/backend.h"

namespace madang::testing {

using Tasks = Mailbox<absl::AnyInvocable<void()>>;

// Brings an answer from the backend's thread to the test's, which plays the lanes.
template <typename Answer>
class Carrier final : public Reply<Answer>::Sink {
 public:
  Carrier(Tasks& tasks, Reply<Answer> reply) : tasks_(tasks), reply_(std::move(reply)) {}
  void answer(absl::StatusOr<Answer> answer) override {
    tasks_.put([reply = std::move(reply_), answer = std::move(answer)]() mutable {
      if (!answer.ok()) return reply.refuse(answer.status());
      reply.accept(*std::move(answer));
    });
  }
  void close(const CloseReason& reason) override {
    tasks_.put([reply = std::move(reply_), reason]() mutable { reply.close(reason); });
  }

 private:
  Tasks& tasks_;
  Reply<Answer> reply_;
};

template <typename Request, typename Answer>
void carry(Handlers::Asks<Request, Answer>& handler, Tasks& tasks) {
  if (!handler) return;
  handler = [inner = std::move(handler), &tasks](Session& session, const Request& request,
                                                 Reply<Answer> reply) {
    inner(session, request,
          Reply<Answer>(std::make_shared<Carrier<Answer>>(tasks, std::move(reply))));
  };
}

// An engine whose host is a backend, which is a TinyServer.
struct BackendFixture {
  // All methods have a URL: their name as its path. `change` has the last word.
  explicit BackendFixture(TinyServer::Respond respond,
                          const std::function<void(BackendOptions&)>& change = nullptr)
      : server(std::move(respond)) {
    BackendOptions options{.connect = method("connect"),
                           .refresh = method("refresh"),
                           .subscribe = method("subscribe"),
                           .publish = method("publish"),
                           .rpc = method("rpc"),
                           .sub_refresh = method("sub_refresh"),
                           .disconnect = method("disconnect"),
                           .unsubscribe = method("unsubscribe")};
    if (change) change(options);
    auto made = Backend::make(std::move(options));
    REQUIRE(made.ok());
    backend = *std::move(made);
    auto handlers = backend->handlers();
    carry(handlers.connect, tasks);
    carry(handlers.refresh, tasks);
    carry(handlers.join, tasks);
    carry(handlers.publish, tasks);
    carry(handlers.rpc, tasks);
    handlers.room_options = [this](std::string_view) { return world.rooms; };
    world.options.handlers = std::move(handlers);
    world.options.limits.ping_interval = std::chrono::hours(1);  // nobody here answers
  }
  ~BackendFixture() { backend.reset(); }  // before the tasks it brings answers to

  BackendMethod method(std::string_view name) const {
    return {.url = server.url(fmt::format("/{}", name)), .timeout = std::chrono::seconds(10)};
  }

  // Lets the test's thread take the next answer of the backend.
  void take_answer() {
    tasks.take()();
    world.run();
  }

  // Asks for a connection and waits for what comes of it.
  absl::StatusOr<ConnectResult> connect(const Client& client, ConnectRequest request = {}) {
    ConnectCommand command;
    command.request = std::move(request);
    absl::StatusOr<ConnectResult> kept = absl::UnknownError("no answer yet");
    client.session().connect_command(std::move(command),
                                     [&](absl::StatusOr<ConnectResult> result) { kept = result; });
    take_answer();
    return kept;
  }
  // A client that is connected, as whoever the backend says.
  Client enter() {
    Client client = world.open();
    REQUIRE(connect(client).ok());
    return client;
  }
  absl::StatusOr<Payload> rpc(const Client& client, std::string request = "1") {
    absl::StatusOr<Payload> kept = absl::UnknownError("no answer yet");
    client.session().rpc_command({"m", Payload(request)},
                                 [&](absl::StatusOr<Payload> result) { kept = result; });
    take_answer();
    return kept;
  }

  // Body of the last request to `path`, waited for.
  std::string body_of(std::string_view path) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    for (;;) {
      const auto requests = server.requests();
      for (auto request = requests.rbegin(); request != requests.rend(); ++request) {
        if (request->path == path) return request->body;
      }
      REQUIRE(std::chrono::steady_clock::now() < deadline);
      std::this_thread::yield();
    }
  }
  // What each request begins with.
  static std::string begin(const Client& client, std::string_view user) {
    return fmt::format(R"({{"client":"{}","transport":"{}","protocol":"json","encoding":"json"{})",
                       client.session().client().text(), client.session().transport().name,
                       user.empty() ? std::string() : fmt::format(R"(,"user":"{}")", user));
  }

  World world;
  Tasks tasks;
  TinyServer server;
  std::unique_ptr<Backend> backend;
};

}  // namespace madang::testing
