// SPDX-License-Identifier: Apache-2.0
// Two people talk inside one process. Its transport, protocol and time are the host's own.
#include <cstdio>

#include "madang/engine.h"
#include "madang/testing/manual_scheduler.h"

using namespace madang;

struct PlainText : Encoder, Framing {  // a line for each message
  void encode(std::string_view room, std::string_view, const Event& event,
              std::string& out) const override {
    out.append(room).append(": ").append(event.data.view());
  }
  void frame(std::string_view message, std::string& out) override { out.append(message) += '\n'; }
} plain_text;

struct Console : Transport {
  explicit Console(std::string reader) { about.address = std::move(reader); }
  WriteResult write(std::span<const Payload> payloads) override {
    for (const auto& lines : payloads) {
      std::printf("%s reads %s", about.address.c_str(), std::string(lines.view()).c_str());
    }
    return WriteResult::kDone;
  }
  void pause_reading() override {}
  void resume_reading() override {}
  void close(const CloseReason&) override {}
  const TransportInfo& info() const override { return about; }
  TransportInfo about;
};

struct Words : ProtocolSession {  // "lobby" enters the room, "lobby 42" says 42 in it
  void start(Session& opened) override {
    session = &opened;
    session->connect_command({}, [](auto) {});
  }
  void received(std::string_view line, MessageKind) override {
    const auto space = line.find(' ');
    const std::string room(line.substr(0, space));
    if (space != line.npos) {
      session->publish_command({room, line.substr(space + 1)}, [](auto) {});
    } else {
      JoinCommand join;
      join.request.room = room;
      session->join_command(std::move(join), [](auto) {});
    }
  }
  void resume() override {}
  const Encoder& encoder() const override { return plain_text; }
  bool json_only() const override { return true; }
  void push_message(const Payload&) override {}
  void push_join(std::string_view, const JoinResult&) override {}
  void push_leave(std::string_view, const LeaveReason&) override {}
  void push_refresh(std::uint32_t) override {}
  void push_ping() override {}
  void push_close(const CloseReason&) override {}
  Session* session = nullptr;
};

int main() {
  const auto yes = [](auto&, auto&, auto reply) { reply.accept(); };
  ManualClock clock;
  ManualScheduler lane(clock);
  EngineOptions options;
  options.lanes = {&lane};
  options.handlers.connect = yes;
  options.handlers.join = yes;
  options.handlers.publish = yes;
  const auto engine = Engine::create(std::move(options)).value();

  const auto enter = [&](const char* name) {
    CloseReason refusal;
    auto* connection = engine->attach(0, std::make_shared<Console>(name), std::make_unique<Words>(),
                                      plain_text, &refusal);
    connection->received("lobby", MessageKind::kText);
    return connection;
  };
  enter("Bob");
  enter("Ann")->received("lobby \"Hello, Bob!\"", MessageKind::kText);
  lane.run_ready();  // Ann reads it, and so does Bob.
  engine->drain({}, [] {});
  lane.run_ready();
}
