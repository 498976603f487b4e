// SPDX-License-Identifier: Apache-2.0
#include "serve.h"

#include <fmt/format.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "keys.h"
#include "madang/access/access.h"
#include "madang/api/http_api.h"
#include "madang/backend/backend.h"
#include "madang/doors/centrifuge_protocols.h"
#include "madang/doors/make_lanes.h"
#include "madang/doors/run.h"
#include "madang/doors/server.h"
#include "madang/engine.h"
#include "madang/storage/any/make_store.h"
#include "madang/storage/retention_keeper.h"

namespace server {
namespace {

// A call may carry a payload for many rooms, or a batch of them.
constexpr std::size_t kApiBodyBytesMax = 4 * 1024 * 1024;
// A mark that no name contains.
constexpr const char* kNoMark = "\x01";

class StderrLog final : public madang::LogSink {
 public:
  void write(madang::LogLevel level, std::string_view cause, std::string_view text) override {
    constexpr const char* kNames[] = {"info", "warning", "error"};
    fmt::print(stderr, "{} {}: {}\n", kNames[static_cast<std::size_t>(level)], cause, text);
  }
};

int fail(std::string_view text) {
  fmt::print(stderr, "madang-server: {}\n", text);
  return 1;
}

// Null where none is configured.
absl::StatusOr<std::unique_ptr<madang::Backend>> make_backend(const Config& config,
                                                              madang::LogSink& log) {
  if (config.backend.urls.empty()) return nullptr;
  madang::BackendOptions options;
  const std::pair<std::string_view, madang::BackendMethod*> methods[] = {
      {"connect", &options.connect},
      {"refresh", &options.refresh},
      {"subscribe", &options.subscribe},
      {"publish", &options.publish},
      {"rpc", &options.rpc},
      {"sub_refresh", &options.sub_refresh},
      {"disconnect", &options.disconnect},
      {"unsubscribe", &options.unsubscribe}};
  for (const auto& [name, url] : config.backend.urls) {
    for (const auto& [known, method] : methods) {
      if (known == name) *method = {.url = url, .timeout = config.backend.timeout};
    }
  }
  for (const std::string& header : config.backend.headers) {
    const auto colon = header.find(": ");
    if (colon == std::string::npos)
      return absl::InvalidArgumentError("a header is \"Name: value\"");
    options.http.headers.emplace_back(header.substr(0, colon), header.substr(colon + 2));
  }
  options.log = &log;
  return madang::Backend::make(std::move(options));
}

absl::StatusOr<madang::Handlers> make_handlers(const Config& config, const Keys* keys,
                                               const madang::Backend* backend) {
  madang::RoomMarks marks = config.marks;
  auto rooms = config.rooms;
  if (rooms.empty()) {
    // To try things out with: any name, and what most clients ask for.
    marks = {.kind = kNoMark, .only_with_token = "", .users = ""};
    madang::RoomKind kind;
    kind.options.presence = true;
    kind.options.announce = madang::Announce::kBySession;
    kind.options.history.messages_max = 100;
    kind.options.delta = true;
    if (config.has_store()) kind.options.durability = madang::Durability::kDurable;
    rooms.emplace_back("", kind);
  }
  auto kinds = madang::RoomKinds::make(std::move(rooms), std::move(marks));
  if (!kinds.ok()) return kinds.status();
  madang::AccessOptions access{.kinds = *std::move(kinds)};
  if (keys != nullptr) access.tokens = keys->verifier();
  if (backend != nullptr) access.host = backend->handlers();
  access.batch = config.batch;
  access.guests = config.guests;
  access.open = config.insecure;
  access.personal_rooms = config.personal_rooms;
  access.personal_kind = config.personal_kind;
  return madang::make_access(std::move(access));
}

absl::StatusOr<std::unique_ptr<madang::Server>> serve_clients(const Config& config,
                                                              madang::Engine& engine,
                                                              madang::Lanes& lanes,
                                                              madang::LogSink& log) {
  madang::ServerOptions options;
  options.engine = &engine;
  options.lanes = &lanes;
  options.address = config.address;
  options.port = config.port;
  options.compression = config.compression;
  options.log = &log;
  options.limits.connections_max = config.connections_max;
  options.limits.connections_per_address_max = config.connections_per_address_max;
  if (config.insecure && config.origins.empty()) {
    options.origins = madang::http::OriginPolicy::any();
  } else if (!config.origins.empty()) {
    options.origins = *madang::http::OriginPolicy::list(config.origins);
  }
  options.protocols = madang::centrifuge_protocols();
  options.stream_protocols = madang::centrifuge_stream_protocols();
  options.router.handle("GET", "/health", [](const auto&, auto responder) {
    responder.send({.status = 200, .headers = {}, .body = "ok\n"});
  });
  return madang::Server::start(std::move(options));
}

// Null where there is no API.
absl::StatusOr<std::unique_ptr<madang::Server>> serve_backends(const Config& config,
                                                               madang::Engine& engine,
                                                               madang::Lanes& lanes,
                                                               madang::LogSink& log) {
  if (config.api.key.empty() && !config.insecure) return nullptr;
  madang::ServerOptions options;
  options.engine = &engine;
  options.lanes = &lanes;
  options.address = config.api.address;
  options.port = config.api.port;
  options.websocket_path = {};
  options.log = &log;
  options.limits.request.body_bytes_max = kApiBodyBytesMax;
  options.limits.request.allow_chunked = true;
  madang::HttpApiOptions api;
  api.key = config.api.key;
  api.insecure = config.api.key.empty();
  api.api.engine = &engine;
  if (auto status = madang::add_http_api(options.router, std::move(api)); !status.ok()) {
    return status;
  }
  return madang::Server::start(std::move(options));
}

void say_where(const Config& config, const madang::Server& clients, const madang::Server* api) {
  fmt::print("Clients connect to http://{}:{}/connection/websocket.\n", config.address,
             clients.port());
  if (api == nullptr) {
    fmt::print("There is no HTTP API: --api-key gives it a key.\n");
  } else {
    fmt::print("Backends call http://{}:{}/api/.\n", config.api.address, api->port());
  }
  if (config.insecure) fmt::print("Everybody on this machine may do everything (--insecure).\n");
  fmt::print("Ctrl-C ends it.\n");
  std::fflush(stdout);
}

}  // namespace

int serve(const Config& config) {
  StderrLog log;
  auto keys = Keys::open(config, log);
  if (!keys.ok()) return fail(fmt::format("tokens: {}", std::string(keys.status().message())));
  auto made = madang::make_store({.name = config.store.name,
                                  .archive_folder = config.store.archive,
                                  .journal = config.store.journal});
  if (!made.ok()) return fail(fmt::format("store: {}", std::string(made.status().message())));
  auto lanes = madang::make_lanes(madang::LanesKind::kAuto, {.lanes = config.lanes, .log = &log});
  if (!lanes.ok()) return fail(std::string(lanes.status().message()));

  std::unique_ptr<madang::RetentionKeeper> keeper;
  if (made->move != nullptr) {
    madang::RetentionOptions retention;
    retention.move = std::move(made->move);
    auto kept = madang::RetentionKeeper::make(*(*lanes)->schedulers().front(), *made->store,
                                              std::move(retention));
    if (!kept.ok()) return fail(std::string(kept.status().message()));
    keeper = *std::move(kept);
  }

  std::atomic<bool> store_failed = false;
  madang::EngineOptions options;
  options.lanes = (*lanes)->schedulers();
  options.log = &log;
  options.limits = config.limits;
  if (config.has_store()) {
    options.storage.store = made->store.get();
    options.storage.opened = [&](const absl::Status& status) {
      if (status.ok()) {
        if (keeper != nullptr) keeper->start();
        return;
      }
      fail(fmt::format("the store can not be used: {}", std::string(status.message())));
      store_failed = true;
      std::raise(SIGTERM);
    };
  }
  auto backend = make_backend(config, log);
  if (!backend.ok())
    return fail(fmt::format("backend: {}", std::string(backend.status().message())));
  auto handlers = make_handlers(config, keys->get(), backend->get());
  if (!handlers.ok()) return fail(std::string(handlers.status().message()));
  options.handlers = *std::move(handlers);
  auto engine = madang::Engine::create(std::move(options));
  if (!engine.ok()) return fail(std::string(engine.status().message()));

  auto clients = serve_clients(config, **engine, **lanes, log);
  if (!clients.ok()) return fail(std::string(clients.status().message()));
  auto api = serve_backends(config, **engine, **lanes, log);
  if (!api.ok()) return fail(fmt::format("the HTTP API: {}", std::string(api.status().message())));

  say_where(config, **clients, api->get());
  std::vector<madang::Server*> servers{clients->get()};
  if (*api != nullptr) servers.push_back(api->get());
  const bool ended = madang::run_until_signal(**lanes, **engine, servers);
  keeper.reset();
  made->store.reset();  // while those live that it may be answering still
  return ended && !store_failed ? 0 : 1;
}

}  // namespace server
