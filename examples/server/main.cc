// SPDX-License-Identifier: Apache-2.0
// A ready server made of the library: clients of the Centrifuge SDKs on one port, backends on
// another, tokens, kinds of rooms and a store. Its flags and its file are read here and in
// config.cc; what it does with them is in serve.cc.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <clocale>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "config.h"
#include "serve.h"

namespace {

constexpr const char* kFooter = R"(
Try it:
  madang-server --insecure

Let users in by tokens that your login signs (HS256, claims "sub" and "exp"), and your backend by a
key. Secrets are better given by MADANG_HMAC_SECRET and MADANG_API_KEY than on the command line,
which others on the machine can read.
  madang-server --config rooms.json --hmac-secret ... --api-key ...
  curl -H "X-API-Key: ..." -d '{"channel":"chat:1","data":{"text":"hi"}}' localhost:9000/api/publish

The file says the same and more. Flags come before it. A kind of rooms is what stands before the
colon in their names:
  {
    "origins": ["https://example.org"],
    "tokens": {"key_file": "keys.json", "audience": "chat"},
    "store": {"name": "sqlite:messages.db"},
    "rooms": {
      "chat": {"subscribe": "users", "publish": "members", "presence": true,
               "history": {"messages": 1000, "age": "24h"}, "delta": true},
      "news": {"subscribe": "everyone", "batch": {"delay": "50ms"}}
    }
  }
--check names all that is wrong in it, with its path. README.md lists all settings.)";

struct Flags {
  std::string file = {};
  std::string address = {};
  std::string api_key = {};
  std::string hmac_secret = {};
  std::string store = {};
  int port = -1;
  int api_port = -1;
  bool insecure = false;
  bool check = false;
};

void set(std::string& to, const std::string& flag) {
  if (!flag.empty()) to = flag;
}

// False if there is no such file.
bool read_file(const std::string& path, std::string& text) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return false;
  text.assign(std::istreambuf_iterator<char>(file), {});
  return !file.bad();
}

}  // namespace

int main(int argc, char** argv) {
  std::setlocale(LC_CTYPE, "C.UTF-8");  // Room names may have letters of any script.

  Flags flags;
  CLI::App app("A real-time server: rooms, presence and history for Centrifuge client SDKs.");
  app.name("madang-server");
  app.add_option("--config", flags.file, "JSON file with the settings");
  app.add_option("--address", flags.address, "Address for clients; 0.0.0.0 lets everybody in");
  app.add_option("--port", flags.port, "Port for clients (8000); 0: any that is free")
      ->check(CLI::Range(0, 65'535));
  app.add_option("--api-port", flags.api_port, "Port for backends (9000); 0: any that is free")
      ->check(CLI::Range(0, 65'535));
  app.add_option("--api-key", flags.api_key, "What backends show; without it there is no API")
      ->envname("MADANG_API_KEY");
  app.add_option("--hmac-secret", flags.hmac_secret, "What HS256 tokens are signed with, 32 bytes")
      ->envname("MADANG_HMAC_SECRET");
  app.add_option("--store", flags.store,
                 "Where messages stay: sqlite:PATH, postgres://..., or memory for nowhere");
  app.add_flag("--insecure", flags.insecure,
               "Everybody may do everything, for trying things out; on loopback only");
  app.add_flag("--check", flags.check, "Say whether the settings are good, and end");
  app.footer(kFooter);
  CLI11_PARSE(app, argc, argv);

  server::Config config;
  config.insecure = flags.insecure;
  set(config.store.name, flags.store);  // what rooms are depends on it
  std::vector<std::string> errors;
  if (!flags.file.empty()) {
    std::string text;
    if (read_file(flags.file, text)) {
      server::read_config(text, config, errors);
    } else {
      errors.push_back(fmt::format("{} can not be read", flags.file));
    }
  }
  set(config.store.name, flags.store);
  set(config.address, flags.address);
  set(config.api.key, flags.api_key);
  set(config.tokens.hmac_secret, flags.hmac_secret);
  if (flags.port >= 0) config.port = static_cast<std::uint16_t>(flags.port);
  if (flags.api_port >= 0) config.api.port = static_cast<std::uint16_t>(flags.api_port);
  server::check_config(config, errors);

  for (const std::string& error : errors)
    fmt::print(stderr, "madang-server: {}\n", error);
  if (!errors.empty()) return 2;
  if (flags.check) {
    fmt::print("The settings are good.\n");
    return 0;
  }
  return server::serve(config);
}
