// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "madang/base/payload.h"
#include "madang/base/scheduler.h"
#include "madang/engine/transport.h"
#include "madang/transport/byte_stream.h"
#include "madang/transport/websocket/message_reader.h"
#include "madang/transport/websocket/websocket_lane.h"

namespace madang {

// One WebSocket connection of a server, from the end of its handshake on: messages for the engine,
// frames for the stream. It answers pings, keeps to the closing handshake, and ends a peer that
// breaks the protocol or a limit with the code that RFC 6455 has for it.
//
// Whoever makes one may derive from it, to keep beside a connection what shall live as long.
//
// The order of calls is: construct; Engine::attach; ByteStream::set_handler; start. The engine may
// write before start(). If attach refuses, the object is simply dropped.
//
// While it waits for its peer it holds no buffer. While reading is paused it keeps what the stream
// had handed over by then, which is at most one of the stream's reads.
class WebSocketTransport : public Transport, public ByteStreamHandler {
 public:
  struct Setup {
    // What is told of the connection, beside the address of its peer.
    std::string origin;
    std::string path;
    // Whether permessage-deflate was agreed on.
    bool compression = false;
    // The response to the handshake, which goes before the first frame.
    Payload response;
  };

  WebSocketTransport(std::shared_ptr<WebSocketLane> lane, ByteStream& stream, Setup setup);
  ~WebSocketTransport() override;

  // What the peer has sent before start(); it lives for that call.
  struct Early {
    std::string_view message = {};  // with the request itself, of this kind; empty: none
    MessageKind kind = MessageKind::kText;
    std::span<char> bytes = {};  // behind the request; they may be overwritten
  };

  // Reports to `connection` from now on, first what came early.
  void start(Connection& connection, const Early& early);

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

 protected:
  WebSocketLane& lane() const { return *site_->lane; }

 private:
  // Reading.
  void take_first(const Early& early);
  std::span<char> consume(std::span<char> input);
  void handle(const websocket::Event& event);
  void deliver(const websocket::Event& event);
  void answer_ping(std::string_view payload);
  bool admit_control();
  void drain_rest();
  void watch_message();
  void check_message_age();

  // Writing.
  WriteResult send(const Payload& own, std::span<const Payload> messages);
  void flush();

  // What a quiet connection does not have.
  struct Busy;
  Busy& busy() const;
  bool rest_empty() const;
  void settle();
  // A call of ours that comes to nothing if we are gone by then.
  Task task(void (WebSocketTransport::*call)());

  // Ending.
  void end_stream();
  void fail(std::uint16_t code, std::string_view text, const CloseReason& reason);
  void begin_close(std::uint16_t code, std::string_view text);
  void close_timed_out();
  void finish();
  void report_closed(const CloseReason& reason);

  const WebSocketLane::Sites::Reference site_;
  ByteStream* stream_;                // null once it is at an end
  Connection* connection_ = nullptr;  // null before start() and once either side has closed
  mutable std::unique_ptr<Busy> busy_;

  // What follows lies in what the reader leaves of its last eight bytes.
  [[no_unique_address]] websocket::BareReader reader_;
  bool paused_ : 1 = false;
  bool drain_posted_ : 1 = false;
  bool message_watched_ : 1 = false;
  bool stream_busy_ : 1 = false;
  bool engine_waits_ : 1 = false;  // the stream is busy with payloads of the engine
  bool write_failed_ : 1 = false;
  bool closing_ : 1 = false;      // our close frame is on its way
  bool peer_closed_ : 1 = false;  // nothing more is awaited from the peer
  bool : 0;
  // When the next ping or pong would come at the rate that is allowed, in parts of its interval.
  std::uint64_t control_due_ : 40 = 0;
};

static_assert(sizeof(WebSocketTransport) <= 64, "every idle connection holds one");

}  // namespace madang
