// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "madang/access/room_kinds.h"
#include "madang/auth/token_verifier.h"
#include "madang/engine/handlers.h"

namespace madang {

struct AccessOptions {
  RoomKinds kinds;

  // Null: no token is good.
  std::shared_ptr<const TokenVerifier> tokens = nullptr;

  // Lets those in who bring no token, as guests, where `host.connect` is not set.
  bool guests = false;
  // Everybody may do everything, in rooms that name other users too: for trying things out. A token
  // that is sent is checked all the same.
  bool open = false;

  // Puts every user into a room of his own, of `personal_kind`, which reaches all his sessions.
  bool personal_rooms = false;
  std::string personal_kind = {};

  // How the messages of each connection wait for each other, unless the host says otherwise of one.
  BatchOptions batch = {};

  // The host's part. `connect` and `join` are asked for clients without a token, `join`, `publish`
  // and `read` also where a kind says kAsk, `refresh` when credentials that no token gave are at
  // their end. `room_options` is not used; all others are handed on as they are.
  Handlers host = {};
};

// Handlers for an engine whose clients show who they are by signed tokens and whose rooms are of
// kinds:
//
//   auto kinds = RoomKinds::make({{"chat", {.subscribe = Who::kUsers, .publish = Who::kMembers}}});
//   auto handlers = make_access({.kinds = *std::move(kinds), .tokens = std::move(verifier)});
//   auto engine = Engine::create({.lanes = ..., .handlers = *std::move(handlers)});
//
// What a client is told, in the numbers of the Centrifuge protocol:
//
//   to connect     no token 3501; one past its time 109; another that is not good 3500
//   to refresh     a token of another user, or one that is not good, 3500; past its time 3005
//   to come in     no such kind 102; a token of another user, session or room 3500; one past its
//                  time 109; another that is not good, and no right to come in, 103
//   to refresh a subscription   the same, but 110 past its time
//   else           103
//
// A connection token's `channels` and `subs` put the session into these rooms, with the users they
// name checked; what its `override`s ask for is not: a room's options are the same for all in it.
//
// InvalidArgument: the kind of personal rooms is none.
absl::StatusOr<Handlers> make_access(AccessOptions options);

}  // namespace madang
