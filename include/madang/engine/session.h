// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "madang/base/callback.h"
#include "madang/base/payload.h"
#include "madang/base/scheduler.h"
#include "madang/engine/close_reason.h"
#include "madang/engine/handlers.h"
#include "madang/engine/transport.h"
#include "madang/room/presence.h"
#include "madang/room/room.h"

namespace madang {

class Engine;

// What a member is told as it comes in.
struct JoinResult {
  std::optional<StreamPosition> position = {};  // only in rooms with positions
  bool recovery_tried = false;
  bool recovered = false;
  bool delta = false;  // messages come as deltas where that is smaller
  // What it missed, or the first page of it; the rest follows as ordinary messages.
  std::vector<EventRef> messages = {};
  Payload data = {};
  std::optional<std::uint32_t> ttl_s = {};  // until the membership has to be refreshed
};

struct ConnectResult {
  ClientId client = {};
  Payload data = {};
  std::optional<std::uint32_t> ttl_s = {};  // until the client has to refresh
  std::uint32_t ping_interval_s = 0;
  std::vector<std::pair<std::string, JoinResult>> rooms = {};
};

struct RefreshResult {
  std::optional<std::uint32_t> ttl_s = {};
};

struct HistoryResult {
  std::vector<EventRef> messages = {};
  StreamPosition position = {};
};

// What the protocol asks to connect with.
struct ConnectCommand {
  ConnectRequest request = {};
  // Where the client stands in rooms it expects to be put into again.
  StringMap<StreamPosition> since = {};
};

struct JoinCommand {
  JoinRequest request = {};
  bool announcements = false;
  std::optional<StreamPosition> since = {};
};

// What may be done about a command at this moment.
enum class Admission : std::uint8_t {
  kGo,
  kRefuse,  // answer ResourceExhausted
  kStop,    // the session is being closed
};

// One client's presence in the engine: a tab, a device. It belongs to one lane, and only tasks of
// that lane may touch it; elsewhere keep its ClientId and ask the Engine.
//
// It lives until the end of the turn in which it is closed, so a handler may close it and go on
// using it until it returns.
class Session {
 public:
  virtual ~Session() = default;

  // --- Facts ---------------------------------------------------------------------------------
  virtual Engine& engine() = 0;
  virtual std::size_t lane() const = 0;
  virtual const ClientId& client() const = 0;
  // Empty before the session is connected, and for guests.
  virtual std::string_view user() const = 0;
  virtual const ClientInfoRef& info() const = 0;
  virtual bool connected() const = 0;
  virtual bool closing() const = 0;
  virtual bool in_room(std::string_view room) const = 0;
  virtual std::vector<std::string> rooms() const = 0;
  virtual const TransportInfo& transport() const = 0;
  // Whether its client reads JSON alone, as its protocol says.
  virtual bool json_only() const = 0;
  // Whatever the host wants to keep beside the session.
  virtual std::shared_ptr<void>& attachment() = 0;

  // --- For the host --------------------------------------------------------------------------
  // Sends a message of its own, outside every room. ResourceExhausted when the outbox is full; the
  // session is then closed as slow.
  virtual absl::Status send(Payload message) = 0;

  // Puts the session into a room without being asked, and tells the client. AlreadyExists,
  // NotFound, OutOfRange as for clients. Where the room must be loaded first it answers OK, and the
  // client is told when that is done, or nothing if it can not be done.
  virtual absl::Status join(std::string_view room, JoinOptions options) = 0;

  // Takes the session out of a room and tells the client. A join under way is called off. NotFound
  // if it is not there.
  virtual absl::Status leave(std::string_view room, const LeaveReason& reason = kLeftByServer) = 0;

  // The session's credentials end then, or never, and the client is told. Nothing before it is
  // connected. A time that has passed ends it (3005).
  virtual void refresh(std::optional<WallTime> expires) = 0;

  // Ends the session at the end of this turn. The first reason counts.
  virtual void close(const CloseReason& reason) = 0;

  // --- For a ProtocolSession -----------------------------------------------------------------
  // Commands on one room take effect in the order of these calls, whatever order handlers answer
  // in. Callbacks run on the lane, perhaps before the call returns, and never after the session's
  // end.

  // Counts one command against the bucket and the session's errors.
  virtual Admission admit_command() = 0;
  virtual Admission count_error() = 0;
  // Whether more commands may be handed in. Once false, ProtocolSession::resume follows.
  virtual bool wants_input() = 0;

  virtual void connect_command(ConnectCommand command, Callback<ConnectResult> done) = 0;
  virtual void join_command(JoinCommand command, Callback<JoinResult> done) = 0;
  virtual void leave_command(std::string_view room, Callback<bool> done) = 0;
  virtual void publish_command(PublishRequest request, Callback<bool> done) = 0;
  virtual void presence_command(std::string room, Callback<std::vector<ClientInfoRef>> done) = 0;
  virtual void presence_stats_command(std::string room, Callback<PresenceStats> done) = 0;
  virtual void history_command(std::string room, HistoryQuery query,
                               Callback<HistoryResult> done) = 0;
  virtual void rpc_command(RpcRequest request, Callback<Payload> done) = 0;
  virtual void message_command(Payload message) = 0;
  virtual void refresh_command(RefreshRequest request, Callback<RefreshResult> done) = 0;
  // The answer to the last ping came. FailedPrecondition if none was asked for.
  virtual absl::Status pong_received() = 0;

  // Frames one protocol message and puts it into the outbox. Too large for it: the session is
  // closed as slow.
  virtual void write_message(std::string_view message) = 0;
};

}  // namespace madang
