// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "madang/engine.h"
#include "madang/testing/answer_now.h"
#include "madang/testing/manual_scheduler.h"
#include "madang/testing/memory_transport.h"

namespace madang::testing {

// A protocol of plain words, to see what the engine asks of one: "<room> <number> <payload>" for a
// message, "+room user" and "-room user" for those who come and go.
class WordEncoder : public Encoder {
 public:
  void encode(std::string_view room, std::string_view, const Event& event,
              std::string& out) const override {
    if (event.kind == EventKind::kMessage) {
      out.append(room).append(" ").append(std::to_string(event.offset)).append(" ");
      out.append(event.data.view());
    } else {
      out.append(event.kind == EventKind::kJoin ? "+" : "-").append(room).append(" ");
      out.append(event.info->user);
    }
  }
};

class WordSession : public ProtocolSession {
 public:
  explicit WordSession(bool json_only) : json_only_(json_only) {}
  void start(Session& opened) override { session = &opened; }
  void received(std::string_view message, MessageKind) override {
    received_messages.emplace_back(message);
    if (on_received) on_received(message);
  }
  void resume() override { ++resumed; }
  const Encoder& encoder() const override { return encoder_; }
  bool json_only() const override { return json_only_; }
  void push_message(const Payload& message) override {
    session->write_message("message " + std::string(message.view()));
  }
  void push_join(std::string_view room, const JoinResult& result) override {
    session->write_message("joined " + std::string(room) + " " +
                           std::to_string(result.position ? result.position->offset : 0));
  }
  void push_leave(std::string_view room, const LeaveReason& reason) override {
    session->write_message("left " + std::string(room) + " " + std::to_string(reason.code));
  }
  void push_refresh(std::uint32_t ttl_s) override {
    session->write_message("refresh " + std::to_string(ttl_s));
  }
  void push_ping() override { session->write_message("ping"); }
  void push_close(const CloseReason&) override {}

  Session* session = nullptr;
  std::vector<std::string> received_messages;
  absl::AnyInvocable<void(std::string_view)> on_received;
  int resumed = 0;

 private:
  const bool json_only_;
  WordEncoder encoder_;
};

// One client: its transport, and the engine's side of it. Calls play its protocol.
struct Client {
  std::shared_ptr<MemoryTransport> transport;
  Connection* connection = nullptr;
  WordSession* protocol = nullptr;  // valid while the session lives
  Session& session() const { return *protocol->session; }

  std::vector<std::string> read() const { return transport->read(); }

  absl::Status connect(std::string user) const {
    absl::Status status = absl::UnknownError("no answer yet");
    auto kept = std::make_shared<absl::Status>(status);
    ConnectCommand command;
    command.request.token = std::move(user);
    session().connect_command(std::move(command), [kept](absl::StatusOr<ConnectResult> result) {
      *kept = result.status();
    });
    return *kept;
  }
  // Shared, because a handler may answer after the call.
  std::shared_ptr<absl::StatusOr<JoinResult>> join(std::string room,
                                                   std::optional<StreamPosition> since = {},
                                                   bool announcements = false) const {
    auto kept = std::make_shared<absl::StatusOr<JoinResult>>(absl::UnknownError("no answer yet"));
    JoinCommand command;
    command.request.room = std::move(room);
    command.since = std::move(since);
    command.announcements = announcements;
    session().join_command(std::move(command), [kept](absl::StatusOr<JoinResult> result) {
      *kept = std::move(result);
    });
    return kept;
  }
  std::shared_ptr<absl::Status> publish(std::string room, std::string data) const {
    auto kept = std::make_shared<absl::Status>(absl::UnknownError("no answer yet"));
    session().publish_command({std::move(room), Payload(data)},
                              [kept](absl::StatusOr<bool> result) { *kept = result.status(); });
    return kept;
  }
  std::shared_ptr<absl::Status> leave(std::string_view room) const {
    auto kept = std::make_shared<absl::Status>(absl::UnknownError("no answer yet"));
    session().leave_command(room, [kept](absl::StatusOr<bool> result) { *kept = result.status(); });
    return kept;
  }
};

// An engine on virtual time. By default everyone may do everything, the connect token is the user
// id, and rooms are of the options `rooms`.
class World {
 public:
  explicit World(std::size_t lanes = 1) {
    for (std::size_t i = 0; i < lanes; ++i) {
      schedulers.push_back(std::make_unique<ManualScheduler>(clock));
      options.lanes.push_back(schedulers.back().get());
    }
    options.random = &random;
    options.handlers.connect = [](Session&, const ConnectRequest& request,
                                  Reply<ConnectAnswer> reply) {
      ConnectAnswer answer;
      answer.user = request.token;
      reply.accept(std::move(answer));
    };
    options.handlers.join = [](Session&, const JoinRequest&, Reply<JoinAnswer> reply) {
      reply.accept();
    };
    options.handlers.publish = [](Session&, const PublishRequest&, Reply<PublishAnswer> reply) {
      reply.accept();
    };
    options.handlers.room_options = [this](std::string_view) { return rooms; };
  }

  Engine& engine() {
    if (engine_ == nullptr) engine_ = *Engine::create(std::move(options));
    return *engine_;
  }

  Client open(std::size_t lane = 0, std::size_t window_bytes = MemoryTransport::kEndlessBytes,
              bool json_only = true) {
    Client client;
    client.transport = std::make_shared<MemoryTransport>(window_bytes);
    auto protocol = std::make_unique<WordSession>(json_only);
    client.protocol = protocol.get();
    client.connection =
        engine().attach(lane, client.transport, std::move(protocol), framing, &refusal);
    client.transport->bind(client.connection);
    return client;
  }
  bool open_refused() {
    return engine().attach(0, std::make_shared<MemoryTransport>(),
                           std::make_unique<WordSession>(true), framing, &refusal) == nullptr;
  }
  // Connected, and in `room` if it is not empty.
  Client enter(std::string user, std::string room = "", std::size_t lane = 0,
               std::size_t window_bytes = MemoryTransport::kEndlessBytes) {
    Client client = open(lane, window_bytes);
    client.connect(std::move(user)).IgnoreError();
    if (!room.empty()) client.join(std::move(room));
    run();
    return client;
  }

  absl::StatusOr<PublishResult> publish(std::string_view room, std::string_view data,
                                        PublishOptions publish_options = {}) {
    absl::StatusOr<PublishResult> kept = absl::UnknownError("no answer");
    engine().publish(room, Payload(data), std::move(publish_options),
                     [&](absl::StatusOr<PublishResult> result) { kept = std::move(result); });
    return kept;
  }

  absl::StatusOr<HistoryResult> history(std::string_view room, const HistoryQuery& query) {
    return answer_now<HistoryResult>(
        [&](Callback<HistoryResult> done) { engine().history(room, query, std::move(done)); });
  }

  void run() { clock.run_ready(); }
  void pass(Duration duration) { clock.advance(duration); }

  // What the account lacks; 0 when it balances.
  std::int64_t imbalance() {
    const EngineCounters c = engine().counters_now();
    return static_cast<std::int64_t>(c.expected) -
           static_cast<std::int64_t>(c.delivered + c.excluded + c.dropped_oldest +
                                     c.dropped_latest + c.dropped_not_kept +
                                     c.left_before_delivery + c.told_of_gap + c.waiting);
  }

  ManualClock clock;
  std::vector<std::unique_ptr<ManualScheduler>> schedulers;
  SeededRandom random{1};
  LengthFraming framing;
  EngineOptions options;
  RoomOptions rooms;
  CloseReason refusal;

 private:
  std::unique_ptr<Engine> engine_;
};

inline RoomOptions with_history(std::size_t messages) {
  RoomOptions options;
  options.history.messages_max = messages;
  return options;
}

}  // namespace madang::testing
