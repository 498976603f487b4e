// SPDX-License-Identifier: Apache-2.0
// The plainest host: anybody joins any room and publishes there. For measuring, and for the tests
// that drive a real server with stock clients (tests/sdk). Not for the world: it refuses nobody.
//
// A client may say who it is and which room the host shall put it into, {"user": "...", "room":
// "..."} as connect data, and when its credentials end, by the token "expires:N" (in N seconds),
// for the connection or a room. It is asked to refresh then.
//
// The rpc methods are "counters" (the engine's, as JSON), "join" and "leave" ({"room": "..."}: the
// host puts the caller into a room, or out), and anything else, which echoes. A message is sent
// back. Rooms whose names begin with "delta" send deltas to those that ask for them.

#include <fmt/format.h>
#include <simdjson.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "counters_json.h"
#include "madang/doors/centrifuge_protocols.h"
#include "madang/doors/make_lanes.h"
#include "madang/doors/run.h"
#include "madang/doors/server.h"
#include "madang/engine.h"
#include "madang/storage/any/make_store.h"

namespace {

using madang::Session;

struct Options {
  std::string address = "127.0.0.1";
  std::uint16_t port = 8000;
  std::size_t lanes = 0;
  std::uint32_t commands_per_second = 1'000'000;
  std::uint32_t ping_interval_s = 25;
  bool compression = false;
  std::string store = {};
  madang::Durability durability = madang::Durability::kWriteBehind;
  madang::LanesKind transport = madang::LanesKind::kAuto;
};

// The text member `key` of a JSON object, or nothing.
std::string read_text(const madang::Payload& json, std::string_view key) {
  simdjson::dom::parser parser;
  simdjson::dom::element document;
  std::string_view text;
  if (json.empty() || parser.parse(json.data(), json.size()).get(document) != simdjson::SUCCESS ||
      document[key].get(text) != simdjson::SUCCESS) {
    return {};
  }
  return std::string(text);
}

std::optional<madang::WallTime> read_expiry(Session& session, std::string_view token) {
  constexpr std::string_view kPrefix = "expires:";
  if (!token.starts_with(kPrefix)) return std::nullopt;
  token.remove_prefix(kPrefix.size());
  std::uint32_t seconds = 0;
  std::from_chars(token.data(), token.data() + token.size(), seconds);
  return session.engine().scheduler(session.lane()).wall_now() + std::chrono::seconds(seconds);
}

void answer_rpc(Session& session, const madang::RpcRequest& request,
                madang::Reply<madang::RpcAnswer> reply) {
  absl::Status status;
  if (request.method == "counters") {
    return reply.accept({bench::counters_json(session.engine().counters())});
  }
  if (request.method == "join") status = session.join(read_text(request.data, "room"), {});
  if (request.method == "leave") status = session.leave(read_text(request.data, "room"));
  if (!status.ok()) return reply.refuse(status);
  reply.accept({request.data});
}

madang::Handlers make_handlers(madang::Durability durability) {
  madang::Handlers handlers;
  handlers.connect = [](Session& session, const madang::ConnectRequest& request, auto reply) {
    madang::ConnectAnswer answer;
    answer.user = read_text(request.data, "user");
    answer.expires = read_expiry(session, request.token);
    const std::string room = read_text(request.data, "room");
    if (!room.empty()) answer.rooms.emplace_back(room, madang::JoinOptions());
    reply.accept(std::move(answer));
  };
  handlers.join = [](Session& session, const madang::JoinRequest& request, auto reply) {
    madang::JoinAnswer answer;
    answer.expires = read_expiry(session, request.token);
    reply.accept(std::move(answer));
  };
  handlers.publish = [](Session&, const madang::PublishRequest&, auto reply) { reply.accept(); };
  handlers.rpc = answer_rpc;
  handlers.refresh = [](Session& session, const madang::RefreshRequest& request, auto reply) {
    madang::RefreshAnswer answer;
    answer.expires = read_expiry(session, request.token);
    reply.accept(std::move(answer));
  };
  handlers.message = [](Session& session, const madang::Payload& message) {
    session.send(message).IgnoreError();  // Too full: the session is closed as slow.
  };
  handlers.room_options =
      [durability](std::string_view room) -> std::optional<madang::RoomOptions> {
    madang::RoomOptions options;
    options.durability = durability;
    options.history.messages_max = 10'000;
    options.presence = true;
    options.delta = room.starts_with("delta");
    options.announce = madang::Announce::kBySession;
    return options;
  };
  return handlers;
}

int serve(const Options& options) {
  madang::LanesOptions lanes_options;
  lanes_options.lanes = options.lanes;
  const auto made = madang::make_lanes(options.transport, lanes_options);
  if (!made.ok()) {
    fmt::print(stderr, "server: {}\n", made.status().ToString());
    return 1;
  }
  madang::Lanes& lanes = **made;

  std::unique_ptr<madang::MessageStore> store;
  if (!options.store.empty()) {
    auto made_store = madang::make_store({.name = options.store});
    if (!made_store.ok()) {
      fmt::print(stderr, "server: {}\n", made_store.status().ToString());
      return 1;
    }
    store = std::move(made_store->store);
  }

  madang::EngineOptions engine_options;
  engine_options.lanes = lanes.schedulers();
  engine_options.handlers =
      make_handlers(store == nullptr ? madang::Durability::kMemory : options.durability);
  engine_options.storage.store = store.get();
  engine_options.storage.opened = [](const absl::Status& status) {
    if (!status.ok()) fmt::print(stderr, "server: the store: {}\n", status.ToString());
  };
  engine_options.limits.ping_interval = std::chrono::seconds(options.ping_interval_s);
  engine_options.limits.commands_per_second = options.commands_per_second;
  engine_options.limits.command_burst =
      std::max(engine_options.limits.command_burst, options.commands_per_second);
  auto engine = madang::Engine::create(std::move(engine_options));
  if (!engine.ok()) {
    fmt::print(stderr, "server: {}\n", engine.status().ToString());
    return 1;
  }

  madang::ServerOptions server_options;
  server_options.engine = engine->get();
  server_options.lanes = &lanes;
  server_options.address = options.address;
  server_options.port = options.port;
  server_options.compression = options.compression;
  server_options.protocols = madang::centrifuge_protocols();
  server_options.stream_protocols = madang::centrifuge_stream_protocols();
  // Those who measure come from one address and all at once.
  server_options.limits.connections_per_address_max = server_options.limits.connections_max;
  server_options.limits.handshakes_max = server_options.limits.connections_max;
  auto server = madang::Server::start(std::move(server_options));
  if (!server.ok()) {
    fmt::print(stderr, "server: {}\n", server.status().ToString());
    return 1;
  }
  fmt::print("transport: {}\n", lanes.kind());
  fmt::print("ready at http://{}:{}/\n", options.address, (*server)->port());
  std::fflush(stdout);
  const bool ended = madang::run_until_signal(lanes, **engine, **server);
  store.reset();  // while those live that it may be answering still
  return ended ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("The plainest madang server.");
  app.add_option("--port", options.port, "TCP port; 0: any that is free")->capture_default_str();
  app.add_option("--address", options.address, "Address to listen on")->capture_default_str();
  app.add_option("--lanes", options.lanes, "Event loops; 0: one for each core")
      ->capture_default_str();
  app.add_option("--commands-per-second", options.commands_per_second, "Of one client")
      ->capture_default_str();
  const std::map<std::string, madang::LanesKind> kinds = {{"auto", madang::LanesKind::kAuto},
                                                          {"asio", madang::LanesKind::kAsio},
                                                          {"uring", madang::LanesKind::kUring}};
  app.add_option("--transport", options.transport, "Event loops: asio, uring, or what is permitted")
      ->transform(CLI::CheckedTransformer(kinds))
      ->option_text("auto|asio|uring [auto]");
  app.add_option("--ping-interval", options.ping_interval_s,
                 "Seconds between two pings of a client")
      ->capture_default_str();
  app.add_option("--store", options.store,
                 "Keep the rooms' messages there: memory, sqlite:PATH, postgres://...");
  const std::map<std::string, madang::Durability> durabilities = {
      {"write_behind", madang::Durability::kWriteBehind},
      {"durable", madang::Durability::kDurable}};
  app.add_option("--durability", options.durability, "With --store: what a publish waits for")
      ->transform(CLI::CheckedTransformer(durabilities))
      ->option_text("write_behind|durable [write_behind]");
  app.add_flag("--compression", options.compression, "Agree to permessage-deflate");
  CLI11_PARSE(app, argc, argv);
  return serve(options);
}
