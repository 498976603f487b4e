// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "madang/base/hash.h"
#include "madang/base/payload.h"
#include "madang/base/status.h"
#include "madang/base/time.h"
#include "madang/engine/close_reason.h"
#include "madang/engine/reply.h"
#include "madang/room/event.h"
#include "madang/room/room_options.h"

namespace madang {

class Session;

// How a member takes part in a room. It can ask for less than the room offers, never for more.
struct JoinOptions {
  bool announcements = false;  // wants the joins and leaves of others
  std::optional<StreamPosition> since =
      {};                                // wants what it missed since; only in rooms with positions
  Payload room_info = {};                // shown to others beside the connection's info
  Payload data = {};                     // goes to the client with the answer
  std::optional<WallTime> expires = {};  // the membership ends then, unless refreshed
};

struct ConnectRequest {
  std::string token = {};
  Payload data = {};
  std::string client_name = {};
  std::string client_version = {};
};

struct ConnectAnswer {
  std::string user = {};         // empty: a guest
  Payload connection_info = {};  // shown to others in presence and announcements
  Payload data = {};             // goes to the client with the answer
  std::optional<WallTime> expires = {};
  // Who is asked when the time comes: the client (it sends a refresh command), or the refresh
  // handler of the host.
  bool client_refreshes = true;
  // What is for the session may wait to be written together, whatever room it is of. Pings and the
  // session's end do not wait.
  BatchOptions batch = {};
  // Rooms the session is in from the start (server-side subscriptions).
  std::vector<std::pair<std::string, JoinOptions>> rooms = {};
};

struct JoinRequest {
  std::string room = {};
  std::string token = {};
  Payload data = {};
  bool recovers = false;  // it was here before and asks for what it missed
  bool delta = false;     // it can read deltas
};

struct JoinAnswer {
  Payload room_info = {};
  Payload data = {};
  std::optional<WallTime> expires = {};
};

struct PublishRequest {
  std::string room = {};
  Payload data = {};
};

// What becomes of a message the host has agreed to.
struct PublishAnswer {
  // Instead of what the client sent. Must be of the room's payload kind.
  std::optional<Payload> data = {};
  Tags tags = {};
  std::string idempotency_key = {};  // counts for this user in this room
  bool keep = true;
  bool exclude_sender = false;
};

struct RpcRequest {
  std::string method = {};
  Payload data = {};
};

struct RpcAnswer {
  Payload data = {};
};

struct RefreshRequest {
  std::string room = {};   // empty: the connection's own credentials
  std::string token = {};  // empty: the time came and the host is asked by itself
};

struct RefreshAnswer {
  std::optional<WallTime> expires = {};  // none: never again
  Payload connection_info = {};  // instead of the old; empty: unchanged. For a connection only
};

// Asks whether a session that is a member may read what the room knows.
struct ReadRequest {
  enum class What : std::uint8_t { kPresence, kHistory };
  std::string room;
  What what;
};
struct ReadAnswer {};

// What the host is asked and told. All optional: a request whose handler is not set is answered
// Unimplemented (108); presence and history without a `read` handler are open to members of the
// room, and of rooms that have them.
//
// Each runs on the lane of its session, several lanes at once, and never under a lock of the
// engine, so it may call anything of the engine and of its session; it must not wait. Requests live
// for the call: copy what is needed later. One that throws is answered for (100), logged and
// counted.
struct Handlers {
  template <typename Request, typename Answer>
  using Asks = absl::AnyInvocable<void(Session&, const Request&, Reply<Answer>) const>;

  Asks<ConnectRequest, ConnectAnswer> connect = {};
  Asks<JoinRequest, JoinAnswer> join = {};
  Asks<PublishRequest, PublishAnswer> publish = {};
  Asks<RpcRequest, RpcAnswer> rpc = {};
  Asks<RefreshRequest, RefreshAnswer> refresh = {};
  Asks<ReadRequest, ReadAnswer> read = {};

  // A message without an answer. Unset: the session is closed (3508).
  absl::AnyInvocable<void(Session&, const Payload&) const> message = {};
  // The session is connected: its connect reply is written. A place to send it something.
  absl::AnyInvocable<void(Session&) const> connected = {};
  // The session was in the room and no longer is.
  absl::AnyInvocable<void(Session&, std::string_view room, const LeaveReason&) const> leave = {};
  // The session was connected and ends. Its last call, after its rooms were left.
  absl::AnyInvocable<void(Session&, const CloseReason&) const> disconnect = {};

  // How a room behaves that is about to be made. Immediate; any thread. Unset: RoomOptions().
  // Answering nothing says that there is no such room: NotFound (102).
  absl::AnyInvocable<std::optional<RoomOptions>(std::string_view room) const> room_options = {};
};

}  // namespace madang
