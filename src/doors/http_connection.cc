// SPDX-License-Identifier: Apache-2.0
#include "http_connection.h"

#include <algorithm>
#include <array>
#include <utility>

#include "emulation.h"
#include "stream_upgrade.h"
#include "websocket_upgrade.h"

namespace madang {

namespace {

// A large file goes piece by piece, so that a slow client holds no copy of it.
constexpr std::size_t kPieceBytes = 64 * 1024;

}  // namespace

HttpConnection::HttpConnection(std::shared_ptr<Door> door, ByteStream& stream,
                               std::unique_ptr<ConnectionGate::Ticket> ticket)
    : door_(std::move(door)),
      ticket_(std::move(ticket)),
      stream_(&stream),
      parser_(door_->request_limits()) {}

void HttpConnection::start() { set_deadline(door_->limits().handshake_timeout); }

// --- Requests ------------------------------------------------------------------------------------

void HttpConnection::received(std::span<char> bytes) {
  const std::span<char> left = read_requests(bytes);
  rest_.assign(left.begin(), left.end());
}

// Reads until a request has to wait for its answer, and returns what is left for later.
std::span<char> HttpConnection::read_requests(std::span<char> bytes) {
  reading_ = true;
  while (!bytes.empty() && stream_ != nullptr && phase_ == Phase::kReading) {
    if (requests_ > 0 && parser_.idle()) set_deadline(door_->limits().request_timeout);
    const auto progress = parser_.feed({bytes.data(), bytes.size()});
    bytes = bytes.subspan(progress.consumed);
    if (progress.status == http::RequestParser::Status::kFailed) {
      door_->counters().bad_requests.add();
      last_ = true;
      phase_ = Phase::kAnswering;
      answer(http::error_response(parser_.error()));
    } else if (progress.status == http::RequestParser::Status::kComplete) {
      if (!on_request(parser_.take_request(), bytes)) return {};
    } else if (parser_.expects_continue() && !std::exchange(continued_, true)) {
      // Not taken at once: the client has not even read the response before.
      const std::array go_on{Payload(http::kContinue)};
      if (stream_->write(go_on) != WriteResult::kDone) abort();
    }
  }
  reading_ = false;
  if (stream_ == nullptr) return {};
  if (phase_ != Phase::kReading) stream_->pause_reading();
  return bytes;
}

// Goes on after a response, with what has come before it was sent.
void HttpConnection::read_on() {
  if (stream_ == nullptr || phase_ != Phase::kReading) return;
  const std::span<char> left = read_requests(std::span(rest_).subspan(rest_begin_));
  rest_begin_ = rest_.size() - left.size();
  if (!left.empty() || phase_ != Phase::kReading) return;
  rest_ = {};
  rest_begin_ = 0;
  if (stream_ != nullptr) stream_->resume_reading();
}

bool HttpConnection::on_request(const http::Request& request, std::span<char> bytes) {
  ticket_->handshake_done();
  door_->counters().requests.add();
  ++requests_;
  continued_ = false;
  last_ = request.wants_close() || door_->stopping() ||
          requests_ >= door_->limits().requests_per_connection_max;
  phase_ = Phase::kAnswering;
  const Service service = door_->service_at(request.path);
  switch (service) {
    case Service::kWebSocket:
      return !upgrade(request, bytes);
    case Service::kHttpStream:
    case Service::kEvents:
      return !stream(service, request, bytes);
    case Service::kEmulation:
      set_deadline(door_->limits().response_timeout);
      emulate(*door_, request, sender());
      return true;
    case Service::kRouter:
      break;
  }
  set_deadline(door_->limits().response_timeout);
  route(request);
  return true;
}

bool HttpConnection::upgrade(const http::Request& request, std::span<char> bytes) {
  WebSocketUpgrade upgrade = upgrade_to_websocket(*door_, request, *stream_, *ticket_);
  if (upgrade.transport == nullptr) {
    answer(std::move(upgrade.refusal));
    return false;
  }
  ByteStream& stream = *stream_;
  leave();
  stream.set_handler(upgrade.transport);
  upgrade.transport->start(
      *upgrade.connection,
      {.message = upgrade.first_message, .kind = upgrade.kind, .bytes = bytes});
  return true;
}

bool HttpConnection::stream(Service service, const http::Request& request, std::span<char> bytes) {
  StreamUpgrade upgrade =
      upgrade_to_stream(*door_, service, request, !bytes.empty(), *stream_, *ticket_);
  if (upgrade.transport == nullptr) {
    answer(std::move(upgrade.refusal));
    return false;
  }
  ByteStream& stream = *stream_;
  leave();
  stream.set_handler(upgrade.transport);
  upgrade.transport->start(*upgrade.connection, upgrade.initial, upgrade.kind);
  return true;
}

void HttpConnection::route(const http::Request& request) {
  const auto outcome = door_->options().router.route(request, http::Responder(sender()));
  if (outcome == http::Router::Outcome::kHandlerThrew) door_->counters().handlers_threw.add();
}

// Whoever answers may do so on any thread, and after the connection is gone.
http::Responder::Send HttpConnection::sender() {
  Scheduler* const scheduler = &door_->scheduler();
  return [weak = weak_from_this(), scheduler](http::Response response) {
    auto deliver = [weak, response = std::move(response)]() mutable {
      if (const auto self = weak.lock()) self->answer(std::move(response));
    };
    if (scheduler->runs_here()) {
      deliver();
    } else {
      scheduler->post(std::move(deliver));
    }
  };
}

// --- Responses -----------------------------------------------------------------------------------

void HttpConnection::answer(http::Response response) {
  if (stream_ == nullptr || phase_ != Phase::kAnswering) return;
  last_ = last_ || response.close || !http::is_valid(response);
  response.close = last_;
  response_ = http::serialize(response, door_->date());
  response_sent_ = 0;
  phase_ = Phase::kSending;
  set_deadline(door_->limits().response_timeout);
  send_on();
}

void HttpConnection::send_on() {
  const std::string_view body = response_.body.view();
  while (!response_.head.empty() || response_sent_ < body.size()) {
    const std::string_view piece = body.substr(response_sent_, kPieceBytes);
    const std::array payloads{Payload(response_.head), Payload(piece)};
    response_.head.clear();
    response_sent_ += piece.size();
    const std::span<const Payload> written(payloads);
    const WriteResult result = stream_->write(piece.empty() ? written.first(1) : written);
    if (result != WriteResult::kDone) return;
  }
  finish_response();
}

void HttpConnection::written(std::size_t, bool done) {
  if (stream_ == nullptr || phase_ != Phase::kSending) return;
  set_deadline(door_->limits().response_timeout);
  if (done) send_on();
}

void HttpConnection::finish_response() {
  response_ = {};
  if (last_) return close_after_flush();
  phase_ = Phase::kReading;
  set_deadline(door_->limits().keep_alive_timeout);
  if (reading_) return;
  // Not at once: whoever answered may be anywhere in the lane's work.
  door_->scheduler().post([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->read_on();
  });
}

// --- Ending --------------------------------------------------------------------------------------

void HttpConnection::set_deadline(Duration duration) {
  Scheduler& scheduler = door_->scheduler();
  scheduler.cancel(deadline_);
  deadline_ = scheduler.call_at(scheduler.now() + duration, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->on_deadline();
  });
}

void HttpConnection::on_deadline() {
  if (stream_ == nullptr) return;
  DoorCounters& counters = door_->counters();
  switch (phase_) {
    case Phase::kReading:
      (requests_ == 0   ? counters.handshake_timeouts
       : parser_.idle() ? counters.idle_timeouts
                        : counters.request_timeouts)
          .add();
      if (!parser_.idle()) {
        // Said in passing: what the client sends without end is not waited for.
        const http::Response late = http::error_response({408, "request takes too long"});
        const http::WireResponse wire = http::serialize(late, door_->date());
        const std::array payloads{Payload(wire.head), Payload(wire.body.view())};
        stream_->write(payloads);
      }
      return abort();
    case Phase::kAnswering:
      counters.response_timeouts.add();
      last_ = true;
      return answer(http::error_response({503, "no answer in time"}));
    case Phase::kSending:
      counters.response_timeouts.add();
      return abort();
  }
}

void HttpConnection::stop() {
  last_ = true;
  if (phase_ == Phase::kReading && parser_.idle() && rest_.empty()) abort();
}

void HttpConnection::abort() {
  ByteStream* const stream = stream_;
  leave();
  stream->abort();
}

void HttpConnection::close_after_flush() {
  ByteStream* const stream = stream_;
  leave();
  stream->close_after_flush(door_->limits().linger_timeout);
}

void HttpConnection::closed() { leave(); }

// From here on the stream is not ours.
void HttpConnection::leave() {
  stream_ = nullptr;
  door_->scheduler().cancel(deadline_);
  door_->leave(*this);
}

}  // namespace madang
