// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "madang/base/payload.h"
#include "madang/base/time.h"
#include "madang/engine/transport.h"
#include "madang/transport/peer_address.h"

namespace madang {

// What a ByteStream reports to: a protocol that runs over it. All calls come from the stream's
// lane, and none from within a call to the stream.
class ByteStreamHandler {
 public:
  virtual ~ByteStreamHandler() = default;

  // At least one byte from the peer. The memory is the stream's and lives for the call; it may be
  // overwritten.
  virtual void received(std::span<char> bytes) = 0;

  // After WriteResult::kPending: `bytes` more have left; `done` with the last of them.
  virtual void written(std::size_t bytes, bool done) = 0;

  // The connection is gone, by the peer or by an error. The last call, after which the stream is
  // destroyed.
  virtual void closed() = 0;
};

// A connected stream of bytes: TCP, or whatever stands in for it. It belongs to the event loop of
// one lane, which owns it until it has ended, and only tasks of that lane may call it.
//
// It is at an end after ByteStreamHandler::closed(), close_after_flush() or abort(): then neither
// side calls the other again, and no task of the lane that is under way then sees it destroyed. It
// keeps its handler alive until it is destroyed, so that a handler may hold a plain pointer to it,
// and may count on its own destructor to mark the connection's end.
class ByteStream {
 public:
  virtual ~ByteStream() = default;

  // Reports to `handler` from now on. The old handler is released when no call to it is under way.
  virtual void set_handler(std::shared_ptr<ByteStreamHandler> handler) = 0;

  // Sends the payloads one after the other, at the latest when the lane's tasks of this turn have
  // run, so that several writes of a turn leave together. The span lives for the call; what is not
  // sent in it is kept as copies of Payloads.
  //
  // kDone: the bytes are the stream's matter. Should the peer turn out to be slow, at most what was
  // written in one turn waits here, and then the next write is answered with kPending.
  // kPending: written() reports the bytes of this write, and of no other. Not called again until
  // written(n, true).
  // kFailed: the connection is broken; closed() follows. Not called again.
  virtual WriteResult write(std::span<const Payload> payloads) = 0;

  // How many bytes have not left of a write that was answered with kPending.
  virtual std::size_t pending_bytes() const = 0;

  // A stream reads from the start. While reading is paused, received() is not called, and a peer
  // that goes is noticed only by writing.
  virtual void pause_reading() = 0;
  virtual void resume_reading() = 0;

  // Sends what is pending and then the end of the stream, and waits for the peer's, so that it gets
  // all. What it sends meanwhile is discarded. After `deadline` the connection is cut.
  virtual void close_after_flush(Duration deadline) = 0;

  // Ends the connection now, without what is pending. What was answered with kDone leaves if the
  // kernel takes it at once.
  virtual void abort() = 0;

  virtual PeerAddress peer_address() const = 0;
};

}  // namespace madang
