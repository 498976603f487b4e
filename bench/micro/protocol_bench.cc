// SPDX-License-Identifier: Apache-2.0

// The Centrifuge protocol in JSON: reading each command, writing each reply, push and publication.
#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "protocol/centrifuge/json_codec.h"

namespace madang::centrifuge {
namespace {

const JsonCodec kCodec;
const std::string kData = R"({"text":")" + std::string(100, 'x') + R"(","n":12345})";

void read(benchmark::State& state, const std::string& text) {
  for (auto _ : state) {
    std::string_view commands = text;
    Command command;
    if (!kCodec.read(commands, command)) return state.SkipWithError("not a command");
    benchmark::DoNotOptimize(command);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}

template <typename Message>
void write(benchmark::State& state, const Message& message) {
  std::string out;
  for (auto _ : state) {
    out.clear();
    if (!kCodec.write(message, out)) return state.SkipWithError("not written");
    benchmark::DoNotOptimize(out.data());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(out.size()));
}

void encode(benchmark::State& state, const Event& event) {
  std::string out;
  for (auto _ : state) {
    out.clear();
    kCodec.encoder().encode("room:1", "epoch", event, out);
    benchmark::DoNotOptimize(out.data());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(out.size()));
}

ClientInfoRef someone() {
  auto info = std::make_shared<ClientInfo>();
  info->user = "user-1";
  info->client = ClientId::from_bits(1, 2);
  return info;
}

Event event_of(EventKind kind) {
  Event event;
  event.kind = kind;
  event.number = event.messages = event.offset = 12'345;
  if (kind == EventKind::kMessage) event.data = Payload(kData);
  event.info = someone();
  return event;
}

template <typename Run, typename Argument>
void add(const std::string& name, Run run, Argument argument) {
  benchmark::RegisterBenchmark(
      name.c_str(), [run, argument = std::move(argument)](auto& state) { run(state, argument); });
}

template <typename Body>
void add_reply(const std::string& name, Body body) {
  add("write_reply/" + name, write<CommandReply>,
      CommandReply{.id = 7, .body = ReplyBody(std::move(body))});
}
template <typename Body>
void add_push(const std::string& name, Body body) {
  add("write_push/" + name, write<Push>, Push(std::move(body)));
}

const bool kAdded = [] {
  for (const auto& [name, text] : {
           std::pair<std::string, std::string>{"connect", R"({"id":1,"connect":{"name":"js"}})"},
           {"subscribe", R"({"id":2,"subscribe":{"channel":"room:1"}})"},
           {"recover", R"({"id":2,"subscribe":{"channel":"room:1","recover":true,"offset":100,)"
                       R"("epoch":"abcdefgh"}})"},
           {"unsubscribe", R"({"id":3,"unsubscribe":{"channel":"room:1"}})"},
           {"publish", R"({"id":4,"publish":{"channel":"room:1","data":)" + kData + "}}"},
           {"presence", R"({"id":5,"presence":{"channel":"room:1"}})"},
           {"presence_stats", R"({"id":5,"presence_stats":{"channel":"room:1"}})"},
           {"history", R"({"id":6,"history":{"channel":"room:1","limit":100}})"},
           {"rpc", R"({"id":7,"rpc":{"method":"echo","data":)" + kData + "}}"},
           {"send", R"({"send":{"data":)" + kData + "}}"},
           {"refresh", R"({"id":8,"refresh":{"token":"abcdefgh"}})"},
           {"sub_refresh", R"({"id":9,"sub_refresh":{"channel":"room:1","token":"abcdefgh"}})"},
           {"pong", "{}"},
       }) {
    add("read_command/" + name, read, text);
  }

  ConnectReply connected;
  connected.result.client = ClientId::from_bits(1, 2);
  connected.version = "madang";
  add_reply("connect", connected);
  SubscribeReply subscribed;
  subscribed.result.position = StreamPosition{100, "abcdefgh"};
  add_reply("subscribe", subscribed);
  add_reply("unsubscribe", UnsubscribeReply());
  add_reply("publish", PublishReply());
  PresenceReply presence;
  presence.clients.assign(100, someone());
  add_reply("presence_of_100", presence);
  add_reply("presence_stats", PresenceStatsReply{{.sessions = 100, .users = 90}});
  HistoryReply history;
  history.result.messages.assign(100, std::make_shared<const Event>(event_of(EventKind::kMessage)));
  add_reply("history_of_100", history);
  add_reply("rpc", RpcReply{Payload(kData)});
  add_reply("refresh", RefreshReply{ClientId::from_bits(1, 2).text(), "madang", 60});
  add_reply("sub_refresh", SubRefreshReply{60});
  add_reply("error", error_reply_of(absl::NotFoundError("no such room")));

  add_push("ping", PingPush());
  add_push("message", MessagePush{Payload(kData)});
  add_push("subscribe", SubscribePush{"room:1", StreamPosition{100, "abcdefgh"}, {}});
  add_push("unsubscribe", UnsubscribePush{"room:1", kLeftByServer});
  add_push("refresh", RefreshPush{60});
  add_push("disconnect", DisconnectPush{kShutdown});

  add("encode/publication", encode, event_of(EventKind::kMessage));
  add("encode/join", encode, event_of(EventKind::kJoin));
  add("encode/leave", encode, event_of(EventKind::kLeave));
  return true;
}();

}  // namespace
}  // namespace madang::centrifuge
