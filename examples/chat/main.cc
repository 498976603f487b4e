// SPDX-License-Identifier: Apache-2.0
// A chat with rooms, people and history, in a browser. What there is of chat is in chat.cc; this
// file puts a server around it.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <clocale>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <utility>

#include "chat.h"
#include "login.h"
#include "madang/doors/centrifuge_protocols.h"
#include "madang/doors/run.h"
#include "madang/doors/server.h"
#include "madang/engine.h"
#include "madang/http/router.h"
#include "madang/http/static_files.h"
#include "madang/storage/any/make_store.h"
#include "madang/storage/retention_keeper.h"
#include "madang/transport/asio/asio_lanes.h"
#include "secret.h"

namespace {

struct Options {
  std::string address = "127.0.0.1";
  std::uint16_t port = 8000;
  std::string store = CHAT_STORE;
  std::string archive = {};
  std::string journal = {};
  std::string key_file = {};
  int warm_days = 92;
  std::string page = CHAT_FOLDER "/page";
  std::string sdk = CHAT_FOLDER "/node_modules/centrifuge/dist/centrifuge.js";
};

constexpr const char* kKeyFile = "chat.key";

// The page runs what comes from here and talks to nobody else.
constexpr const char* kContentSecurityPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

// Serves the page, and the client library as npm has installed it. Answers null, and says why, if
// they are not there.
std::shared_ptr<madang::http::StaticFiles> read_page(const Options& options) {
  auto files = std::make_shared<madang::http::StaticFiles>();
  std::string error;
  if (!files->add_directory(options.page, "/", error)) {
    fmt::print(stderr, "chat: {}\n", error);
    return nullptr;
  }
  std::ifstream sdk(options.sdk, std::ios::binary);
  const std::string text(std::istreambuf_iterator<char>(sdk), {});
  if (text.empty() || !files->add("/vendor/centrifuge.js", text)) {
    fmt::print(stderr, "chat: cannot read {}; 'npm ci' in examples/chat puts it there\n",
               options.sdk);
    return nullptr;
  }
  return files;
}

// The login outlives the router.
madang::http::Router make_router(std::shared_ptr<const madang::http::StaticFiles> files,
                                 const chat::Login& login) {
  madang::http::Router router;
  router.handle("POST", "/login", [&login](const auto& request, auto responder) {
    login.answer(request, std::move(responder));
  });
  router.handle_prefix("GET", "/", [files](const auto& request, auto responder) {
    madang::http::Response response = files->serve(request);
    response.headers.push_back({"Content-Security-Policy", kContentSecurityPolicy});
    response.headers.push_back({"X-Content-Type-Options", "nosniff"});
    response.headers.push_back({"Referrer-Policy", "no-referrer"});
    responder.send(std::move(response));
  });
  return router;
}

// People are known for as long as messages stay.
absl::StatusOr<std::unique_ptr<chat::Login>> make_login(const Options& options) {
  const bool forgets = options.key_file.empty() && options.store == "memory";
  if (forgets) return chat::Login::make(chat::make_secret());
  const auto secret = chat::load_secret(options.key_file.empty() ? kKeyFile : options.key_file);
  if (!secret.ok()) return secret.status();
  return chat::Login::make(*secret);
}

// Moves old messages to the archive; null if there is none.
absl::StatusOr<std::unique_ptr<madang::RetentionKeeper>> make_keeper(madang::Scheduler& scheduler,
                                                                     madang::MadeStore& made,
                                                                     std::chrono::days warm_for) {
  if (made.move == nullptr) return nullptr;
  madang::RetentionOptions options;
  options.warm_for = warm_for;
  options.move = std::move(made.move);
  return madang::RetentionKeeper::make(scheduler, *made.store, std::move(options));
}

int serve(const Options& options) {
  const auto files = read_page(options);
  if (!files) return 1;

  const auto login = make_login(options);
  if (!login.ok()) {
    fmt::print(stderr, "chat: {}\n", std::string(login.status().message()));
    return 1;
  }
  auto made = madang::make_store({.name = options.store,
                                  .search = true,
                                  .archive_folder = options.archive,
                                  .journal = options.journal});
  if (!made.ok()) {
    fmt::print(stderr, "chat: {}\n", made.status().ToString());
    return 1;
  }

  // Everything is destroyed in the reverse of this order, which is the right one.
  chat::Chat rules(*made->store);
  madang::AsioLanes lanes;
  auto keeper =
      make_keeper(*lanes.schedulers().front(), *made, std::chrono::days(options.warm_days));
  if (!keeper.ok()) {
    fmt::print(stderr, "chat: {}\n", keeper.status().ToString());
    return 1;
  }
  bool store_opened = true;
  madang::EngineOptions engine_options;
  engine_options.lanes = lanes.schedulers();
  engine_options.storage.store = made->store.get();
  engine_options.storage.opened = [&](const absl::Status& status) {
    if (status.ok() && *keeper != nullptr) (*keeper)->start();
    if (status.ok()) return;
    fmt::print(stderr, "chat: {} can not be used: {}\n", options.store, status.ToString());
    store_opened = false;
    std::raise(SIGTERM);
  };
  auto handlers = rules.handlers((*login)->tokens());
  if (!handlers.ok()) {
    fmt::print(stderr, "chat: {}\n", handlers.status().ToString());
    return 1;
  }
  engine_options.handlers = *std::move(handlers);
  auto engine = madang::Engine::create(std::move(engine_options));
  if (!engine.ok()) {
    fmt::print(stderr, "chat: {}\n", engine.status().ToString());
    return 1;
  }

  madang::ServerOptions server_options;
  server_options.engine = engine->get();
  server_options.lanes = &lanes;
  server_options.address = options.address;
  server_options.port = options.port;
  server_options.compression = true;
  server_options.router = make_router(files, **login);
  server_options.limits.request.body_bytes_max = chat::kLoginBytesMax;
  server_options.protocols = madang::centrifuge_protocols();
  server_options.stream_protocols = madang::centrifuge_stream_protocols();
  auto server = madang::Server::start(std::move(server_options));
  if (!server.ok()) {
    fmt::print(stderr, "chat: {}\nIf another program has port {}, --port N chooses another one.\n",
               server.status().ToString(), options.port);
    return 1;
  }
  fmt::print("The chat is at http://localhost:{}/. Ctrl-C ends it.\n", (*server)->port());
  std::fflush(stdout);
  const bool ended = madang::run_until_signal(lanes, **engine, **server);
  keeper->reset();
  made->store.reset();  // while those live that it may be answering still
  return ended && store_opened ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  std::setlocale(LC_CTYPE, "C.UTF-8");  // Room names may have letters of any script.

  Options options;
  CLI::App app("A chat in the browser, served by madang.");
  app.add_option("--port", options.port, "TCP port; 0: any that is free")->capture_default_str();
  app.add_option("--address", options.address, "Address to listen on; 0.0.0.0 lets everybody in")
      ->capture_default_str();
  app.add_option("--store", options.store,
                 "Where messages stay: sqlite:PATH, postgres://..., or memory for nowhere")
      ->capture_default_str();
  app.add_option("--journal", options.journal,
                 "File that takes messages while PostgreSQL is away; none: they fail meanwhile");
  app.add_option("--key-file", options.key_file,
                 "File by which people are known again, made if there is none [chat.key; of a "
                 "store in memory none]");
  app.add_option("--archive", options.archive,
                 "Folder where old messages lie in compressed files; none: they stay in the store");
  app.add_option("--warm-days", options.warm_days, "Days until a message goes to the archive")
      ->capture_default_str()
      ->check(CLI::Range(1, 36'525));
  app.add_option("--page", options.page, "Folder of the page")->capture_default_str();
  app.add_option("--sdk", options.sdk, "The client library, centrifuge.js")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  return serve(options);
}
