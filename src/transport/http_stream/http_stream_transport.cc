// SPDX-License-Identifier: Apache-2.0
#include "madang/transport/http_stream/http_stream_transport.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "madang/base/ring.h"

namespace madang {

namespace {

constexpr std::string_view kLastChunk = "0\r\n\r\n";

// What a message that waits costs beside its bytes, so that a great many small ones are bounded by
// the same number.
constexpr std::size_t kWaitingBytesEach = 64;

std::size_t total_bytes(std::span<const Payload> payloads) {
  std::size_t bytes = 0;
  for (const Payload& payload : payloads)
    bytes += payload.size();
  return bytes;
}

}  // namespace

struct HttpStreamTransport::Busy {
  struct Waiting {
    std::string message = {};
    MessageKind kind = MessageKind::kText;
    std::size_t cost() const { return message.size() + kWaitingBytesEach; }
  };

  // Of the client, while the session takes no input.
  Ring<Waiting> waiting;
  std::size_t waiting_bytes = 0;

  // To the client.
  Payload head;               // the response's; goes first
  std::vector<Payload> held;  // the engine's, written while the stream could not take them
  std::size_t head_left = 0;  // of what the stream is busy with, the part that is not the engine's

  TimerHandle close_timer;
  PeerAddress address;  // once there is no stream that knows it
  bool has_address = false;

  bool needed() const {
    return !waiting.empty() || !head.empty() || !held.empty() || head_left > 0 ||
           close_timer.id != 0 || has_address;
  }
};

HttpStreamTransport::HttpStreamTransport(std::shared_ptr<HttpStreamLane> lane, ByteStream& stream,
                                         Setup setup)
    : site_(lane->sites().find_or_add(lane, {.name = std::move(setup.name),
                                             .origin = std::move(setup.origin),
                                             .path = std::move(setup.path)})),
      secret_(setup.secret),
      stream_(&stream) {
  busy().head = std::move(setup.response);
}

HttpStreamTransport::~HttpStreamTransport() = default;

HttpStreamTransport::Busy& HttpStreamTransport::busy() const {
  if (!busy_) busy_ = std::make_unique<Busy>();
  return *busy_;
}

bool HttpStreamTransport::waiting() const { return busy_ != nullptr && !busy_->waiting.empty(); }

// To be called where nothing of busy_ is in use.
void HttpStreamTransport::settle() {
  if (busy_ && !busy_->needed()) busy_.reset();
}

const TransportInfo& HttpStreamTransport::info() const {
  if (!info_) {
    const PeerAddress address = stream_ != nullptr ? stream_->peer_address() : busy().address;
    info_ = std::make_unique<const TransportInfo>(TransportInfo{.name = site_->name,
                                                                .address = address.text(),
                                                                .origin = site_->origin,
                                                                .path = site_->path,
                                                                .session = secret_.text(),
                                                                .node = lane().node()});
  }
  return *info_;
}

void HttpStreamTransport::start(Connection& connection, std::string_view initial,
                                MessageKind kind) {
  started_ = true;
  if (!closing_) connection_ = &connection;  // else the engine has forgotten it already
  flush();
  if (connection_ != nullptr) connection_->received(initial, kind);
  settle();
}

// --- What the client says ------------------------------------------------------------------------

HttpStreamTransport::Handed HttpStreamTransport::hand_in(std::string_view message,
                                                         MessageKind kind) {
  if (connection_ == nullptr) return Handed::kEnding;
  if (!paused_ && !waiting()) {
    connection_->received(message, kind);
    return Handed::kTaken;
  }
  Busy& busy = this->busy();
  if (busy.waiting_bytes + message.size() + kWaitingBytesEach >
      lane().options().waiting_bytes_max) {
    return Handed::kFull;
  }
  busy.waiting.push_back({std::string(message), kind});
  busy.waiting_bytes += busy.waiting.back().cost();
  return Handed::kTaken;
}

// The stream itself is read on, as only that tells that the client has gone.
void HttpStreamTransport::pause_reading() { paused_ = true; }

void HttpStreamTransport::resume_reading() {
  paused_ = false;
  if (!waiting() || std::exchange(hand_on_posted_, true)) return;
  lane().scheduler().post([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->hand_on();
  });
}

void HttpStreamTransport::hand_on() {
  hand_on_posted_ = false;
  while (connection_ != nullptr && !paused_ && waiting()) {
    const Busy::Waiting next = busy_->waiting.pop_front();
    busy_->waiting_bytes -= next.cost();
    connection_->received(next.message, next.kind);
  }
  settle();
}

void HttpStreamTransport::received(std::span<char>) {
  if (closing_) return;
  lane().counters.unexpected_bytes.add();
  report_closed(kBadRequest);
  begin_close();
}

// --- Writing -------------------------------------------------------------------------------------

WriteResult HttpStreamTransport::write(std::span<const Payload> payloads) {
  if (stream_ == nullptr || closing_ || write_failed_) return WriteResult::kFailed;
  if (started_ && !stream_busy_) return send({}, payloads);
  busy().held.assign(payloads.begin(), payloads.end());
  return WriteResult::kPending;
}

WriteResult HttpStreamTransport::send(const Payload& head, std::span<const Payload> messages) {
  WriteResult result = WriteResult::kDone;
  if (head.empty()) {
    result = stream_->write(messages);
  } else {
    std::vector<Payload> batch;
    batch.reserve(messages.size() + 1);
    batch.push_back(head);
    batch.insert(batch.end(), messages.begin(), messages.end());
    result = stream_->write(batch);
  }
  if (result == WriteResult::kPending) {
    const std::size_t pending = stream_->pending_bytes();
    stream_busy_ = true;
    engine_waits_ = !messages.empty();
    const std::size_t head_left = pending - std::min(pending, total_bytes(messages));
    if (head_left > 0) busy().head_left = head_left;
  }
  if (result == WriteResult::kFailed) write_failed_ = true;
  return result;
}

void HttpStreamTransport::written(std::size_t bytes, bool done) {
  if (busy_) {
    const std::size_t head = std::min(bytes, busy_->head_left);
    busy_->head_left -= head;
    bytes -= head;
  }
  stream_busy_ = !done;
  if (engine_waits_ && bytes > 0) {
    if (done) engine_waits_ = false;
    if (connection_ != nullptr) connection_->written(bytes, done);
  }
  flush();
  settle();
}

// Sends what waited for the stream. The engine has forgotten a stream that is closing, so that only
// for others there is something to report.
void HttpStreamTransport::flush() {
  if (stream_ == nullptr || !started_ || stream_busy_ || write_failed_) return;
  if (busy_ && !(busy_->head.empty() && busy_->held.empty())) {
    const std::vector<Payload> messages = std::exchange(busy_->held, {});
    const std::size_t messages_bytes = total_bytes(messages);
    if (send(std::exchange(busy_->head, {}), messages) == WriteResult::kFailed) return;
    const std::size_t left = std::min(messages_bytes, stream_->pending_bytes());
    if (messages_bytes > left && connection_ != nullptr) {
      connection_->written(messages_bytes - left, left == 0);
    }
  }
  if (closing_ && !stream_busy_) finish();
}

// --- Ending --------------------------------------------------------------------------------------

void HttpStreamTransport::close(const CloseReason&) {
  connection_ = nullptr;
  begin_close();
}

void HttpStreamTransport::begin_close() {
  if (stream_ == nullptr || closing_) return;
  closing_ = true;
  const MonoTime due = lane().scheduler().now() + lane().options().close_timeout;
  busy().close_timer = lane().scheduler().call_at(due, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (self == nullptr || self->stream_ == nullptr) return;
    self->lane().counters.close_timeouts.add();
    ByteStream* const ended = self->stream_;
    self->end_stream();
    ended->abort();
  });
  flush();
}

// Ends the body; the stream sends what it has and ends as well.
void HttpStreamTransport::finish() {
  const std::array last{Payload(kLastChunk)};
  if (stream_->write(last) == WriteResult::kFailed) {
    write_failed_ = true;  // closed() follows
    return;
  }
  lane().scheduler().cancel(busy().close_timer);
  ByteStream* const ended = stream_;
  end_stream();
  ended->close_after_flush(lane().options().close_timeout);
}

// The stream is at an end, or about to be told to.
void HttpStreamTransport::end_stream() {
  busy().address = stream_->peer_address();
  busy().has_address = true;
  stream_ = nullptr;
}

void HttpStreamTransport::closed() {
  end_stream();
  lane().scheduler().cancel(busy().close_timer);
  report_closed(write_failed_ ? kWriteError : kClosed);
}

void HttpStreamTransport::report_closed(const CloseReason& reason) {
  if (Connection* connection = std::exchange(connection_, nullptr)) connection->closed(reason);
}

}  // namespace madang
