// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "madang/base/payload.h"
#include "madang/engine/transport.h"
#include "madang/transport/byte_stream.h"
#include "madang/transport/http_stream/http_stream_lane.h"
#include "madang/transport/http_stream/stream_secret.h"

namespace madang {

// One response of a server that does not end: each frame of the engine is a chunk of its body. The
// peer can not answer on it, and whatever it sends there ends the stream, since a request behind
// one that is answered without end would wait for ever. What its client has to say is handed in
// beside it, by whoever holds the stream's secret.
//
// Whoever makes one may derive from it, to keep beside a stream what shall live as long.
//
// The order of calls is: construct; Engine::attach; ByteStream::set_handler; start. The engine may
// write before start(). If attach refuses, the object is simply dropped. All calls on the lane.
//
// The protocol has to tell the reason of a close itself (ProtocolSession::push_close). While all is
// written and taken the stream holds no buffer.
class HttpStreamTransport : public Transport,
                            public ByteStreamHandler,
                            public std::enable_shared_from_this<HttpStreamTransport> {
 public:
  struct Setup {
    // What is told of the connection, beside the address of its peer.
    std::string name;
    std::string origin;
    std::string path;
    StreamSecret secret;
    // The head of the response, which goes before the first frame.
    Payload response;
  };

  // What became of a message that was handed in.
  enum class Handed : std::uint8_t {
    kTaken,   // the session has it, or will have it in its turn
    kFull,    // the session takes no input, and what waits has reached its bound
    kEnding,  // the stream is at its end, and says so itself
  };

  HttpStreamTransport(std::shared_ptr<HttpStreamLane> lane, ByteStream& stream, Setup setup);
  ~HttpStreamTransport() override;

  // Reports to `connection` from now on. `initial` is the client's first message, which came with
  // its request; it lives for the call.
  void start(Connection& connection, std::string_view initial, MessageKind kind);

  // A message of the client that came beside the stream; it lives for the call. Not from within a
  // call to this object or of its engine.
  Handed hand_in(std::string_view message, MessageKind kind);

  const StreamSecret& secret() const { return secret_; }

  // Transport:
  WriteResult write(std::span<const Payload> payloads) override;
  void pause_reading() override;
  void resume_reading() override;
  void close(const CloseReason& reason) override;
  const TransportInfo& info() const override;

  // ByteStreamHandler:
  void received(std::span<char> bytes) override;
  void written(std::size_t bytes, bool done) override;
  void closed() override;

 private:
  // What a quiet stream does not have.
  struct Busy;
  Busy& busy() const;
  bool waiting() const;
  void settle();

  void hand_on();

  WriteResult send(const Payload& head, std::span<const Payload> messages);
  void flush();

  void begin_close();
  void finish();
  void end_stream();
  void report_closed(const CloseReason& reason);

  HttpStreamLane& lane() const { return *site_->lane; }

  const HttpStreamLane::Sites::Reference site_;
  const StreamSecret secret_;
  ByteStream* stream_;                // null once it is at an end
  Connection* connection_ = nullptr;  // null before start() and once either side has closed
  mutable std::unique_ptr<Busy> busy_;
  mutable std::unique_ptr<const TransportInfo> info_;  // once somebody has asked

  bool started_ = false;
  bool paused_ = false;  // the session takes no input
  bool hand_on_posted_ = false;
  bool stream_busy_ = false;
  bool engine_waits_ = false;  // the stream is busy with payloads of the engine
  bool write_failed_ = false;
  bool closing_ = false;  // nothing more comes from the engine
};

static_assert(sizeof(HttpStreamTransport) <= 96, "every idle stream holds one");

}  // namespace madang
