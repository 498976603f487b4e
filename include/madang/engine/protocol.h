// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "madang/engine/close_reason.h"
#include "madang/engine/transport.h"
#include "madang/room/event.h"

namespace madang {

class Session;
struct JoinResult;

// Turns a room's events into messages of one wire protocol, the same bytes for every member.
// Without state that changes, so that one object serves all lanes.
class Encoder {
 public:
  virtual ~Encoder() = default;

  // Appends the message for `event` to `out`, without framing. `epoch` names the room's history.
  // Any lane, several at once.
  virtual void encode(std::string_view room, std::string_view epoch, const Event& event,
                      std::string& out) const = 0;
};

// Puts one message into the frame of a transport, so that a thousand connections can send the same
// bytes: a WebSocket frame, compressed or not, a line of an event stream.
class Framing {
 public:
  virtual ~Framing() = default;

  // Appends `message` as one whole frame to `out`. On one lane only, the one it was attached with.
  virtual void frame(std::string_view message, std::string& out) = 0;
};

// One client's side of a wire protocol: messages come in, calls of its Session go out. Sans-I/O: it
// knows no socket, clock or thread. Owned by its session, called on its lane.
class ProtocolSession {
 public:
  virtual ~ProtocolSession() = default;

  // Called once, before anything else. The session outlives this object.
  virtual void start(Session& session) = 0;

  // One message from the client. While Session::wants_input() is false the protocol keeps what is
  // left of the message and goes on in resume(); one with a command a message may ignore both.
  virtual void received(std::string_view message, MessageKind kind) = 0;
  virtual void resume() {}

  // What the room events of this client are encoded by. Asked for once, after start(); outlives the
  // session.
  virtual const Encoder& encoder() const = 0;
  // The same for members that asked for deltas: a message with an Event::before goes to those who
  // have that, and may come as a patch. Null: the protocol has none. Sessions with the same
  // encoder() have the same one here, since it is asked for once for all of them.
  virtual const Encoder* delta_encoder() const { return nullptr; }
  // Whether it reads JSON alone, so that rooms of bytes are closed to it.
  virtual bool json_only() const = 0;

  // Tells the client what the host did with its session. A protocol that has no words for one of
  // them says nothing.
  virtual void push_message(const Payload& /*message*/) {}
  virtual void push_join(std::string_view /*room*/, const JoinResult& /*result*/) {}
  virtual void push_leave(std::string_view /*room*/, const LeaveReason& /*reason*/) {}
  virtual void push_refresh(std::uint32_t /*ttl_s*/) {}
  virtual void push_ping() {}
  // Just before the transport is closed; a protocol whose transport can tell the reason says
  // nothing.
  virtual void push_close(const CloseReason& /*reason*/) {}
};

}  // namespace madang
