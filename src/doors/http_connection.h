// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "connection_gate.h"
#include "door.h"
#include "madang/base/scheduler.h"
#include "madang/http/request_parser.h"
#include "madang/http/response.h"
#include "madang/http/router.h"
#include "madang/transport/byte_stream.h"

namespace madang {

// One connection of a server while it speaks HTTP/1.1: one request at a time, in their order, until
// it closes or becomes a WebSocket or a stream. Belongs to its lane, owned by its stream.
class HttpConnection final : public ByteStreamHandler,
                             public std::enable_shared_from_this<HttpConnection> {
 public:
  HttpConnection(std::shared_ptr<Door> door, ByteStream& stream,
                 std::unique_ptr<ConnectionGate::Ticket> ticket);

  // Starts the clock of the handshake.
  void start();

  // Takes no request after the one under way; closes if there is none.
  void stop();
  void abort();

  // ByteStreamHandler:
  void received(std::span<char> bytes) override;
  void written(std::size_t bytes, bool done) override;
  void closed() override;

 private:
  enum class Phase : std::uint8_t {
    kReading,    // waits for a request, or for the rest of one
    kAnswering,  // a handler has it
    kSending,    // the response
  };

  std::span<char> read_requests(std::span<char> bytes);
  void read_on();
  // False if the connection is no longer ours.
  bool on_request(const http::Request& request, std::span<char> bytes);
  bool upgrade(const http::Request& request, std::span<char> bytes);
  bool stream(Service service, const http::Request& request, std::span<char> bytes);
  void route(const http::Request& request);
  http::Responder::Send sender();

  void answer(http::Response response);
  void send_on();
  void finish_response();

  void set_deadline(Duration duration);
  void on_deadline();
  void close_after_flush();
  void leave();

  const std::shared_ptr<Door> door_;
  const std::unique_ptr<ConnectionGate::Ticket> ticket_;
  ByteStream* stream_;  // null once it is at an end, or another's
  http::RequestParser parser_;
  TimerHandle deadline_;

  std::string rest_;  // what came after the request under way, from rest_begin_ on
  std::size_t rest_begin_ = 0;

  http::WireResponse response_;  // the one that is being sent
  std::size_t response_sent_ = 0;

  Phase phase_ = Phase::kReading;
  std::size_t requests_ = 0;
  bool reading_ = false;    // read_requests() is on the stack
  bool last_ = false;       // the connection closes after the response
  bool continued_ = false;  // the client was told to send the body
};

}  // namespace madang
