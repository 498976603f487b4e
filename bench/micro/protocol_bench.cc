// SPDX-License-Identifier: Apache-2.0

// The Centrifuge protocol: reading each command, writing each reply, push and publication, in JSON
// and (protobuf/...) in Protobuf.
#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "protocol/centrifuge/json_codec.h"
#include "protocol/centrifuge/protobuf_codec.h"
#include "protocol/centrifuge/protobuf_writer.h"

namespace madang::centrifuge {
namespace {

const JsonCodec kJson;
const ProtobufCodec kProtobuf;
const std::string kData = R"({"text":")" + std::string(100, 'x') + R"(","n":12345})";

void read(benchmark::State& state, const Codec& codec, const std::string& text) {
  for (auto _ : state) {
    std::string_view commands = text;
    Command command;
    if (!codec.read(commands, command)) return state.SkipWithError("not a command");
    benchmark::DoNotOptimize(command);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}

template <typename Message>
void write(benchmark::State& state, const Codec& codec, const Message& message) {
  std::string out;
  for (auto _ : state) {
    out.clear();
    if (!codec.write(message, out)) return state.SkipWithError("not written");
    benchmark::DoNotOptimize(out.data());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(out.size()));
}

void encode(benchmark::State& state, const Encoder& encoder, const Event& event) {
  std::string out;
  for (auto _ : state) {
    out.clear();
    encoder.encode("room:1", "epoch", event, out);
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
void add(const std::string& name, const Run& run, const Argument& argument) {
  benchmark::RegisterBenchmark(name.c_str(),
                               [run, argument](auto& state) { run(state, kJson, argument); });
  benchmark::RegisterBenchmark(("protobuf/" + name).c_str(),
                               [run, argument](auto& state) { run(state, kProtobuf, argument); });
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
void add_encode(const std::string& name, EventKind kind) {
  add(
      "encode/" + name,
      [](benchmark::State& state, const Codec& codec, const Event& event) {
        encode(state, codec.encoder(), event);
      },
      event_of(kind));
}

// A command with one request, as Protobuf has it.
template <typename Fill>
std::string command(std::uint32_t request, Fill fill) {
  std::string out;
  {
    ProtobufMessage message(out);
    message.number(1, 7);
    auto body = message.message(request);
    fill(body);
  }
  return out;
}

void add_protobuf_command(const std::string& name, const std::string& bytes) {
  benchmark::RegisterBenchmark(("protobuf/read_command/" + name).c_str(),
                               [bytes](auto& state) { read(state, kProtobuf, bytes); });
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
    benchmark::RegisterBenchmark(("read_command/" + name).c_str(),
                                 [text](auto& state) { read(state, kJson, text); });
  }
  const auto room = [](ProtobufMessage& request) { request.text(1, "room:1"); };
  add_protobuf_command("connect", command(4, [](auto& request) { request.text(4, "js"); }));
  add_protobuf_command("subscribe", command(5, room));
  add_protobuf_command("recover", command(5, [&](auto& request) {
                         room(request);
                         request.yes(3);
                         request.text(6, "abcdefgh");
                         request.number(7, 100);
                       }));
  add_protobuf_command("publish", command(7, [&](auto& request) {
                         room(request);
                         request.bytes(2, kData);
                       }));
  add_protobuf_command("rpc", command(13, [](auto& request) {
                         request.bytes(1, kData);
                         request.text(2, "echo");
                       }));
  add_protobuf_command("pong", std::string(1, '\0'));

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

  add_encode("publication", EventKind::kMessage);
  add_encode("join", EventKind::kJoin);
  add_encode("leave", EventKind::kLeave);
  return true;
}();

}  // namespace
}  // namespace madang::centrifuge
