// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "madang/base/limits.h"
#include "madang/base/log.h"
#include "madang/base/payload.h"
#include "madang/base/random.h"
#include "madang/base/scheduler.h"
#include "madang/engine/engine_counters.h"
#include "madang/engine/handlers.h"
#include "madang/engine/protocol.h"
#include "madang/engine/room_facts.h"
#include "madang/engine/session.h"
#include "madang/engine/storage.h"
#include "madang/engine/transport.h"
#include "madang/engine/user_sessions.h"
#include "madang/room/room.h"

namespace madang {

struct EngineOptions {
  // One event loop a lane, at least one and at most 64. They outlive the engine, and so do `random`
  // and `log`, which may be null: then randomness is the system's, and nothing is logged.
  std::vector<Scheduler*> lanes = {};
  RandomSource* random = nullptr;
  LogSink* log = nullptr;

  Handlers handlers = {};
  Limits limits = {};
  StorageOptions storage = {};
  // Partitions of the rooms, each with its lock; a power of two.
  std::size_t shards = 64;
};

struct PublishOptions {
  Tags tags = {};
  // A second publish into the room with the same key within RoomOptions::idempotency_ttl changes
  // nothing and is answered as the first was. Empty: none.
  std::string idempotency_key = {};
  // Whether the history keeps it, in a room that has one.
  bool keep = true;
  // A session that shall not get it.
  ClientId exclude = {};
};

struct PublishResult {
  // Where the message stands; offset 0 and no epoch if the room does not keep it.
  StreamPosition position = {};
  bool repeated = false;  // by its idempotency key
};

struct DrainOptions {
  // Sessions are told to go spread over this time, in the order they came.
  Duration spread = std::chrono::seconds(0);
  CloseReason reason = kShutdown;
};

// The real-time messaging engine: rooms, and the sessions that are in them. See ARCHITECTURE.md for
// how a message travels.
//
// Any thread may call it, unless a method says otherwise; no call waits for a client. Text passed
// in need only live for the call. Destroy it after drain() has called back and its schedulers run
// no longer, or from a task of the only lane.
class Engine {
 public:
  // InvalidArgument if `options` make no sense.
  static absl::StatusOr<std::unique_ptr<Engine>> create(EngineOptions options);
  virtual ~Engine() = default;

  // --- Rooms ---------------------------------------------------------------------------------
  // Puts a message into a room, which is made if it is not there. Publishes of one thread into one
  // room keep their order. `done` may be null; it may run before this returns, on this thread.
  //
  // InvalidArgument: the name, the size, or not the room's kind of payload. NotFound: the host says
  // there is no such room. ResourceExhausted: the room's tail, or the way to the store, is full,
  // try again. Unavailable: the engine is draining, or the store can not be reached. Into a room
  // that is stored it is called later, on the first lane, where the room is kDurable or must be
  // loaded.
  virtual void publish(std::string_view room, Payload data, PublishOptions options = {},
                       Callback<PublishResult> done = nullptr) = 0;

  // Who is in the room, in the order of their client ids. NotFound: nobody is, and nothing is kept.
  // Unimplemented: the room does not know. OutOfRange: more than Limits::presence_list_max, ask for
  // the numbers.
  virtual absl::StatusOr<std::vector<ClientInfoRef>> presence(std::string_view room) = 0;
  virtual absl::StatusOr<PresenceStats> presence_stats(std::string_view room) = 0;

  // The rooms that somebody is in and whose names match: `*` in the pattern stands for any text,
  // also none. In no order, and not as of one moment. OutOfRange: more than Limits::rooms_list_max.
  //
  // Looks at every name, a shard of them at a time under its lock.
  virtual absl::StatusOr<std::vector<RoomFacts>> rooms(std::string_view pattern) = 0;

  // One page of the kept messages; of a room that is stored, from the store where memory does not
  // reach. `done` may run before this returns, and else on the first lane.
  //
  // Unimplemented: the room keeps none. DataLoss: the position is of another epoch.
  // InvalidArgument: in reverse from offset 0. NotFound: nobody is in the room, and nothing is
  // kept. Unavailable: the store does not answer. ResourceExhausted: too much is being read.
  virtual void history(std::string_view room, HistoryQuery query, Callback<HistoryResult> done) = 0;
  // Forgets the kept messages, in the store too; offsets go on. As history().
  virtual void remove_history(std::string_view room, StatusCallback done) = 0;

  // --- Sessions ------------------------------------------------------------------------------
  // To each of these sessions when its lane gets to it; sessions that are not there are no error.
  // ResourceExhausted: too many such tasks wait for a lane; some lanes may have been told.
  // InvalidArgument: no user, or what a session would refuse for its size or name.
  virtual absl::Status send_to_user(const UserSessions& whom, Payload message) = 0;
  virtual absl::Status join_user(const UserSessions& whom, std::string_view room,
                                 JoinOptions options = {}) = 0;
  virtual absl::Status leave_user(const UserSessions& whom, std::string_view room,
                                  const LeaveReason& reason = kLeftByServer) = 0;
  // Their credentials end then; nothing: never. Clients are told.
  virtual absl::Status refresh_user(const UserSessions& whom, std::optional<WallTime> expires) = 0;
  virtual absl::Status disconnect_user(const UserSessions& whom,
                                       const CloseReason& reason = kForceNoReconnect) = 0;

  // Makes a session of a connection. Only on the lane's own thread. `transport` and `framing`
  // outlive the session; `transport` is shared because it may still be flushing then. The
  // connection must be told of everything that happens from now on. Null when the engine is
  // draining or full; `refusal` then says why.
  virtual Connection* attach(std::size_t lane, std::shared_ptr<Transport> transport,
                             std::unique_ptr<ProtocolSession> protocol, Framing& framing,
                             CloseReason* refusal) = 0;

  // --- The whole -----------------------------------------------------------------------------
  virtual const Limits& limits() const = 0;
  virtual std::size_t lanes() const = 0;
  virtual Scheduler& scheduler(std::size_t lane) = 0;

  // What was counted so far; takes no lock. `waiting` is 0.
  virtual EngineCounters counters() const = 0;
  // The same with `waiting`, by a walk over all sessions. Only while no lane runs, or where one
  // thread runs them all.
  virtual EngineCounters counters_now() = 0;
  // How far the store is behind; all zero without one. Any thread.
  virtual StorageState storage_state() const = 0;

  // Takes no new session and no publish from outside, tells the sessions to go, and calls `done` on
  // some lane when all have left and what is to be stored is, or StorageOptions::flush_timeout is
  // over. Once.
  virtual void drain(DrainOptions options, Task done) = 0;
};

}  // namespace madang
