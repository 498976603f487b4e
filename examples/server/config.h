// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "madang/access/room_kinds.h"
#include "madang/base/limits.h"
#include "madang/base/time.h"

namespace server {

// All that the server is told, by its flags and its file.
struct Config {
  std::string address = "127.0.0.1";
  std::uint16_t port = 8000;
  std::size_t lanes = 0;  // 0: one for each core

  std::vector<std::string> origins = {};  // web pages that may connect; empty: the server's own
  bool compression = false;
  bool guests = false;
  bool insecure = false;

  struct Api {
    std::string address = "127.0.0.1";
    std::uint16_t port = 9000;
    std::string key = {};
  } api = {};

  struct Tokens {
    std::string hmac_secret = {};
    std::string key_file = {};  // JWKS, or one public key in PEM
    std::string audience = {};
    std::string issuer = {};
    bool expiry_required = true;
    madang::Duration leeway = std::chrono::seconds(5);
  } tokens = {};

  struct Store {
    std::string name = "memory";
    std::string journal = {};
    std::string archive = {};
  } store = {};

  // Where the handlers of the host are asked, by their names: "connect", "publish" ...
  struct Backend {
    std::vector<std::pair<std::string, std::string>> urls = {};
    madang::Duration timeout = std::chrono::seconds(1);
    std::vector<std::string> headers = {};  // "Name: value"

    bool has(std::string_view method) const;
  } backend = {};

  madang::BatchOptions batch = {};  // of each connection
  bool personal_rooms = false;
  std::string personal_kind = {};
  madang::RoomMarks marks = {};
  // Those that say nothing of it are durable where there is a store and a history.
  std::vector<std::pair<std::string, madang::RoomKind>> rooms = {};

  madang::Limits limits = {};
  std::size_t connections_max = 1'000'000;
  std::size_t connections_per_address_max = 4'096;

  bool has_store() const { return store.name != "memory"; }
};

// Reads the file's text over what `config` says already. Everything that is wrong with it is added
// to `errors`, a line each.
void read_config(std::string_view json, Config& config, std::vector<std::string>& errors);

// What is wrong with all of it together.
void check_config(const Config& config, std::vector<std::string>& errors);

}  // namespace server
