// SPDX-License-Identifier: Apache-2.0
#include "madang/transport/websocket/websocket_transport.h"

#include <algorithm>
#include <string>
#include <utility>

#include "madang/transport/websocket/close_code.h"
#include "madang/transport/websocket/frame.h"

namespace madang {

namespace {

std::size_t total_bytes(std::span<const Payload> payloads) {
  std::size_t bytes = 0;
  for (const Payload& payload : payloads) {
    bytes += payload.size();
  }
  return bytes;
}

Payload control_frame(websocket::Opcode opcode, std::string_view payload) {
  std::string frame;
  websocket::append_frame(opcode, payload, &frame);
  return Payload(frame);
}

}  // namespace

WebSocketTransport::WebSocketTransport(std::shared_ptr<WebSocketLane> lane, ByteStream& stream,
                                       Setup setup)
    : lane_(std::move(lane)),
      info_(std::move(setup.info)),
      ticket_(std::move(setup.ticket)),
      stream_(&stream),
      reader_(websocket::Role::kServer, &lane_->reader_limits(), setup.compression),
      control_filled_(lane_->scheduler().now()),
      control_tokens_(lane_->options().control_burst),
      own_(std::move(setup.response)) {}

void WebSocketTransport::start(Connection& connection, std::span<char> bytes) {
  if (!closing_) connection_ = &connection;  // else the engine has forgotten it already
  flush();
  received(bytes);
}

// --- Reading -------------------------------------------------------------------------------------

void WebSocketTransport::received(std::span<char> bytes) {
  const std::span<char> left = consume(bytes);
  rest_.assign(left.begin(), left.end());
}

std::span<char> WebSocketTransport::consume(std::span<char> input) {
  while (stream_ != nullptr && !paused_) {
    const websocket::Event event = reader_.next(input);
    if (event.kind == websocket::EventKind::kNeedMore) break;
    handle(event);
  }
  if (stream_ == nullptr) return {};
  if (!closing_) watch_message();
  return input;
}

void WebSocketTransport::handle(const websocket::Event& event) {
  switch (event.kind) {
    case websocket::EventKind::kNeedMore:
      return;
    case websocket::EventKind::kMessage:
      if (!closing_) deliver(event);
      return;
    case websocket::EventKind::kPing:
      if (!closing_ && admit_control()) answer_ping(event.data);
      return;
    case websocket::EventKind::kPong:
      if (!closing_) admit_control();
      return;
    case websocket::EventKind::kClose:
      peer_closed_ = true;
      begin_close(event.code, {});
      report_closed(kClosed);
      return;
    case websocket::EventKind::kError:
      lane_->count_error(event.code);
      fail(event.code, event.data, kBadRequest);
      return;
  }
}

void WebSocketTransport::deliver(const websocket::Event& event) {
  // What is unfinished from here on is another message.
  if (message_watched_) message_since_ = lane_->scheduler().now();
  const websocket::Event message = event.compressed ? lane_->inflate(event) : event;
  if (message.kind == websocket::EventKind::kError) {
    lane_->count_error(message.code);
    fail(message.code, message.data, kBadRequest);
    return;
  }
  connection_->received(message.data, message.binary ? MessageKind::kBinary : MessageKind::kText);
}

// Only the newest ping is answered if several come before a pong can leave, as RFC 6455 allows.
void WebSocketTransport::answer_ping(std::string_view payload) {
  own_ = control_frame(websocket::Opcode::kPong, payload);
  flush();
}

bool WebSocketTransport::admit_control() {
  const WebSocketOptions& options = lane_->options();
  const MonoTime now = lane_->scheduler().now();
  const auto elapsed = std::chrono::duration<double>(now - control_filled_).count();
  const auto room = static_cast<double>(options.control_burst - control_tokens_);
  const auto refill =
      static_cast<std::uint32_t>(std::min(elapsed * options.control_per_second, room));
  if (refill > 0) {
    control_tokens_ += refill;
    control_filled_ = now;
  }
  if (control_tokens_ == 0) {
    lane_->counters.control_floods.add();
    fail(websocket::kClosePolicyViolation, "too many control frames", kTooManyRequests);
    return false;
  }
  --control_tokens_;
  return true;
}

void WebSocketTransport::pause_reading() {
  if (stream_ == nullptr) return;
  paused_ = true;
  stream_->pause_reading();
}

void WebSocketTransport::resume_reading() {
  if (stream_ == nullptr || !paused_) return;
  paused_ = false;
  if (rest_.empty()) {
    stream_->resume_reading();
  } else if (!std::exchange(drain_posted_, true)) {
    lane_->scheduler().post([weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->drain_rest();
    });
  }
}

void WebSocketTransport::drain_rest() {
  drain_posted_ = false;
  if (stream_ == nullptr || paused_) return;
  // The rest is read where it lies, so that a peer that is paused after each message costs no more
  // than one that is not.
  const std::span<char> left = consume(std::span(rest_).subspan(rest_begin_));
  rest_begin_ = rest_.size() - left.size();
  if (!left.empty()) return;
  rest_ = {};
  rest_begin_ = 0;
  if (stream_ != nullptr && !paused_) stream_->resume_reading();
}

// One timer watches all unfinished messages of the connection, so that a message that comes in two
// reads costs no timer of its own.
void WebSocketTransport::watch_message() {
  if (message_watched_ || !reader_.in_message()) return;
  message_watched_ = true;
  message_since_ = lane_->scheduler().now();
  const MonoTime due = message_since_ + lane_->options().message_timeout;
  lane_->scheduler().call_at(due, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->check_message_age();
  });
}

void WebSocketTransport::check_message_age() {
  message_watched_ = false;
  if (stream_ == nullptr || closing_ || paused_ || !reader_.in_message()) return;
  const MonoTime due = message_since_ + lane_->options().message_timeout;
  if (lane_->scheduler().now() >= due) {
    lane_->counters.slow_messages.add();
    fail(websocket::kClosePolicyViolation, "message takes too long", kBadRequest);
    return;
  }
  message_watched_ = true;
  lane_->scheduler().call_at(due, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->check_message_age();
  });
}

// --- Writing -------------------------------------------------------------------------------------

WriteResult WebSocketTransport::write(std::span<const Payload> payloads) {
  if (stream_ == nullptr || closing_ || write_failed_) return WriteResult::kFailed;
  if (stream_busy_) {
    held_.assign(payloads.begin(), payloads.end());
    return WriteResult::kPending;
  }
  return send(std::exchange(own_, {}), payloads);
}

WriteResult WebSocketTransport::send(const Payload& own, std::span<const Payload> messages) {
  WriteResult result = WriteResult::kDone;
  if (own.empty()) {
    result = stream_->write(messages);
  } else {
    std::vector<Payload> batch;
    batch.reserve(messages.size() + 1);
    batch.push_back(own);
    batch.insert(batch.end(), messages.begin(), messages.end());
    result = stream_->write(batch);
  }
  if (result == WriteResult::kPending) {
    const std::size_t pending = stream_->pending_bytes();
    stream_busy_ = true;
    engine_waits_ = !messages.empty();
    own_left_ = pending - std::min(pending, total_bytes(messages));
  }
  if (result == WriteResult::kFailed) write_failed_ = true;
  return result;
}

void WebSocketTransport::written(std::size_t bytes, bool done) {
  const std::size_t own = std::min(bytes, own_left_);
  own_left_ -= own;
  bytes -= own;
  stream_busy_ = !done;
  if (engine_waits_ && bytes > 0) {
    if (done) engine_waits_ = false;
    if (connection_ != nullptr) connection_->written(bytes, done);
  }
  flush();
}

// Sends what waited for the stream. The engine has forgotten a connection that is closing, so that
// only for others there is something to report.
void WebSocketTransport::flush() {
  if (stream_ == nullptr || stream_busy_ || write_failed_) return;
  std::vector<Payload> messages = std::exchange(held_, {});
  const std::size_t messages_bytes = total_bytes(messages);
  const Payload own = std::exchange(own_, {});
  if (!close_frame_.empty()) messages.push_back(std::exchange(close_frame_, {}));
  if (own.empty() && messages.empty()) return;

  const WriteResult result = send(own, messages);
  if (result == WriteResult::kFailed) return;
  if (closing_) {
    if (peer_closed_) finish();
    return;
  }
  const std::size_t left = std::min(messages_bytes, stream_->pending_bytes());
  if (messages_bytes > left && connection_ != nullptr) {
    connection_->written(messages_bytes - left, left == 0);
  }
}

// --- Ending --------------------------------------------------------------------------------------

void WebSocketTransport::close(const CloseReason& reason) {
  connection_ = nullptr;
  const auto code = static_cast<std::uint16_t>(std::min<std::uint32_t>(reason.code, 0xffff));
  begin_close(websocket::is_valid_close_code(code) ? code : websocket::kCloseInternalError,
              reason.text);
}

void WebSocketTransport::fail(std::uint16_t code, std::string_view text,
                              const CloseReason& reason) {
  peer_closed_ = true;
  begin_close(code, text);
  report_closed(reason);
}

void WebSocketTransport::begin_close(std::uint16_t code, std::string_view text) {
  if (stream_ == nullptr) return;
  if (!closing_) {
    closing_ = true;
    close_frame_ = control_frame(websocket::Opcode::kClose, websocket::build_close(code, text));
    const MonoTime due = lane_->scheduler().now() + lane_->options().close_timeout;
    close_timer_ = lane_->scheduler().call_at(due, [weak = weak_from_this()] {
      const auto self = weak.lock();
      if (self == nullptr || self->stream_ == nullptr) return;
      self->lane_->counters.close_timeouts.add();
      std::exchange(self->stream_, nullptr)->abort();
    });
    flush();
    resume_reading();  // for the peer's close frame
  } else if (peer_closed_ && close_frame_.empty()) {
    finish();
  }
}

// The stream sends what it has and ends.
void WebSocketTransport::finish() {
  if (stream_ == nullptr) return;
  lane_->scheduler().cancel(close_timer_);
  std::exchange(stream_, nullptr)->close_after_flush(lane_->options().close_timeout);
}

void WebSocketTransport::closed() {
  stream_ = nullptr;
  lane_->scheduler().cancel(close_timer_);
  report_closed(write_failed_ ? kWriteError : kClosed);
}

void WebSocketTransport::report_closed(const CloseReason& reason) {
  if (Connection* connection = std::exchange(connection_, nullptr)) connection->closed(reason);
}

}  // namespace madang
