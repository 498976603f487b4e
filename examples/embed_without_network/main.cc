// SPDX-License-Identifier: Apache-2.0
// Two people talk inside one process: transport, protocol and time are the host's own.
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

struct Console : Transport {  // one person's screen
  explicit Console(const char* name) { about.address = name; }
  WriteResult write(std::span<const Payload> payloads) override {
    for (const Payload& lines : payloads) {
      std::printf("%s reads %.*s", about.address.c_str(), int(lines.size()), lines.data());
    }
    return WriteResult::kDone;
  }
  void close(const CloseReason&) override {}
  const TransportInfo& info() const override { return about; }
  TransportInfo about;
};

struct Lobby : ProtocolSession {  // all that is received is said in the lobby
  void start(Session& session) override {
    me = &session;
    me->connect_command({}, [](auto) {});
    me->join_command({.request = {.room = "lobby"}}, [](auto) {});
  }
  void received(std::string_view text, MessageKind) override {
    me->publish_command({.room = "lobby", .data = text}, [](auto) {});
  }
  const Encoder& encoder() const override { return plain_text; }
  bool json_only() const override { return true; }
  Session* me = nullptr;
};

int main() {
  ManualClock clock;
  ManualScheduler loop(clock);
  const auto yes = [](auto&, auto&, auto reply) { reply.accept(); };
  EngineOptions options{.lanes = {&loop}};
  options.handlers = {.connect = yes, .join = yes, .publish = yes};
  const auto engine = Engine::create(std::move(options)).value();
  const auto enter = [&](const char* name) {
    return engine->attach(0, std::make_shared<Console>(name), std::make_unique<Lobby>(),
                          plain_text, nullptr);
  };
  enter("Bob");
  enter("Ann")->received("\"Hello, Bob!\"", MessageKind::kText);
  loop.run_ready();  // Ann reads it, and so does Bob.
}
