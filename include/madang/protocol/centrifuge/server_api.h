// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "absl/functional/any_invocable.h"
#include "madang/engine/engine.h"

namespace madang::centrifuge {

struct ServerApiOptions {
  Engine* engine = nullptr;  // outlives the API and its calls

  // Answers `rpc` with JSON. Must not wait. Null: there is none (108).
  std::function<void(std::string method, Payload params, Callback<Payload> done)> rpc = nullptr;

  // What `info` says of this process.
  std::string node = "madang";

  // Commands of one `batch`, rooms of one `broadcast`. More is error 106.
  std::size_t commands_max = 1'000;
  // Messages of one page of `history`, also where a caller asks for all.
  std::size_t history_messages_max = 1'000;
};

// What a host's backends, in whatever language, may ask of the engine: the methods and JSON shapes
// that the server SDKs of the Centrifuge family send to POST /api/<method>.
//
//   publish, broadcast      channel(s), data or b64data, skip_history, tags, idempotency_key
//   subscribe, unsubscribe  user, client, channel; subscribe: info, data, expire_at, recover_since
//   refresh                 user, client, expire_at, expired
//   disconnect              user, client, whitelist (clients that stay), disconnect {code}, whose
//                           text is ours
//   presence, presence_stats, history (limit, since, reverse), history_remove   channel
//   channels                pattern, in which `*` stands for any text
//   info, rpc (method, data), batch (commands)
//
// Naming an emulation session is answered with 108: name the client. Unknown members are ignored.
class ServerApi {
 public:
  explicit ServerApi(ServerApiOptions options) : options_(std::move(options)) {}

  static bool has_method(std::string_view method);

  // Calls a method of this name, which is one. `reply` gets {"result":...} or
  // {"error":{"code":..,"message":..}}, with the codes of the client protocol: before this returns,
  // or later on a thread of the engine's or the host's. The texts need only live for the call.
  using Reply = absl::AnyInvocable<void(std::string json)>;
  void call(std::string_view method, std::string_view body, Reply reply) const;

 private:
  const ServerApiOptions options_;
};

}  // namespace madang::centrifuge
