// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "madang/base/payload.h"
#include "madang/engine/close_reason.h"

namespace madang {

// What became of Transport::write.
enum class WriteResult : std::uint8_t {
  kDone,     // all bytes are the transport's matter; the next write may follow
  kPending,  // the transport keeps the rest and reports it through Connection::written
  kFailed,   // the connection is gone; Connection::closed follows, or has come already
};

// What is known of a connection, for handlers and logs. Comes from outside: escape before logging.
struct TransportInfo {
  std::string name = {};     // "websocket"
  std::string address = {};  // of the peer
  std::string origin = {};   // as the browser says
  std::string path = {};
  // Of a transport that can only write: by what secret, and through which node, its client hands in
  // commands beside it. Empty for others.
  std::string session = {};
  std::string node = {};
};

// One connection, as the engine writes to it. The host implements one to bring its own sockets;
// madang's WebSocket is another.
//
// All calls come from the session's lane. None may throw or wait.
class Transport {
 public:
  virtual ~Transport() = default;

  // Sends the payloads one after the other: whole frames, in the session's framing. At most
  // kWritePayloadsMax of them. The span lives for the call, so what the transport can not send at
  // once it keeps as copies of Payloads. Not called again after kPending until
  // Connection::written(n, true), and not after kFailed. May call nothing of its Connection before
  // it returns.
  virtual WriteResult write(std::span<const Payload> payloads) = 0;

  // While reading is paused Connection::received is not called. A few messages that were read
  // already may still come. A transport that can not pause relies on its peer to be moderate.
  virtual void pause_reading() {}
  virtual void resume_reading() {}

  // Ends the connection after what is pending has been sent, if that takes no longer than the
  // transport's own time-out, telling the peer the reason if its protocol can. The last call: from
  // here on neither side calls the other.
  virtual void close(const CloseReason& reason) = 0;

  virtual const TransportInfo& info() const = 0;
};

inline constexpr std::size_t kWritePayloadsMax = 64;

// What a transport delivers is text or binary; a transport that makes no difference says text.
enum class MessageKind : std::uint8_t { kText, kBinary };

// The engine's end of a connection, as its transport reports to it. Made by Engine::attach. All
// calls from the session's lane, and none from within a call to the Transport.
class Connection {
 public:
  // One message from the peer. `message` lives for the call, and may be empty.
  virtual void received(std::string_view message, MessageKind kind) = 0;

  // After WriteResult::kPending: `bytes` more have left; `done` with the last of them.
  virtual void written(std::size_t bytes, bool done) = 0;

  // The connection is gone, whoever ended it. The last call: the transport forgets this object.
  // `reason` is what the session's end is counted and reported as.
  virtual void closed(const CloseReason& reason) = 0;

 protected:
  ~Connection() = default;
};

}  // namespace madang
