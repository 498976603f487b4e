// SPDX-License-Identifier: Apache-2.0
#include "madang/transport/websocket/websocket_transport.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "madang/transport/websocket/close_code.h"
#include "madang/transport/websocket/frame.h"
#include "madang/transport/websocket/utf8.h"

namespace madang {

namespace {

constexpr Duration kSecond = std::chrono::seconds(1);
// Between two pings where none should come back.
constexpr Duration kNever = std::chrono::hours(24);

// Time in the bucket of control frames: so many parts has the interval between two of them. At the
// rates that make sense it takes years until the bits of a time are used up, and then they begin
// anew.
constexpr std::int64_t kPartsOfInterval = 64;
constexpr std::uint64_t kPartsMask = (std::uint64_t{1} << 40) - 1;

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

struct WebSocketTransport::Busy {
  // Reading.
  std::vector<char> rest;  // what is still to be read, from rest_begin on
  std::size_t rest_begin = 0;
  MonoTime message_since{};  // the unfinished message's first byte, or a little before

  // Writing.
  Payload own;                // goes before the next message: the response, later the newest pong
  std::vector<Payload> held;  // the engine's, written while the stream was busy with own
  Payload close_frame;        // goes last
  std::size_t own_left = 0;   // of what the stream is busy with, the part that is not the engine's

  // What tasks that wait for their time hold weakly. A stream and its handler outlive a task of the
  // lane, so that one which has begun need not keep us.
  std::shared_ptr<WebSocketTransport*> self;

  // Ending, and for those who ask.
  TimerHandle close_timer;
  std::optional<PeerAddress> address;  // once there is no stream that knows it
  std::unique_ptr<const TransportInfo> info;

  bool needed() const {
    return !rest.empty() || !own.empty() || !held.empty() || !close_frame.empty() || own_left > 0 ||
           close_timer.id != 0 || address || info;
  }
};

WebSocketTransport::WebSocketTransport(std::shared_ptr<WebSocketLane> lane, ByteStream& stream,
                                       Setup setup)
    : site_(lane->sites().find_or_add(
          lane, {.origin = std::move(setup.origin), .path = std::move(setup.path)})),
      stream_(&stream),
      reader_(websocket::Role::kServer, setup.compression) {
  if (!setup.response.empty()) busy().own = std::move(setup.response);
}

WebSocketTransport::~WebSocketTransport() = default;

WebSocketTransport::Busy& WebSocketTransport::busy() const {
  if (!busy_) busy_ = std::make_unique<Busy>();
  return *busy_;
}

// To be called where nothing of busy_ is in use.
void WebSocketTransport::settle() {
  if (busy_ && !message_watched_ && !drain_posted_ && !busy_->needed()) busy_.reset();
}

Task WebSocketTransport::task(void (WebSocketTransport::*call)()) {
  auto& self = busy().self;
  if (!self) self = std::make_shared<WebSocketTransport*>(this);
  return [weak = std::weak_ptr(self), call] {
    if (const auto alive = weak.lock()) ((*alive)->*call)();
  };
}

// Few hosts ask, so it is put together for them.
const TransportInfo& WebSocketTransport::info() const {
  auto& info = busy().info;
  if (!info) {
    const PeerAddress address =
        stream_ != nullptr ? stream_->peer_address() : busy().address.value_or(PeerAddress());
    info = std::make_unique<const TransportInfo>(TransportInfo{.name = "websocket",
                                                               .address = address.text(),
                                                               .origin = site_->origin,
                                                               .path = site_->path});
  }
  return *info;
}

// The stream is at an end, or about to be told to.
void WebSocketTransport::end_stream() {
  if (!busy().info) busy().address = stream_->peer_address();
  stream_ = nullptr;
}

void WebSocketTransport::start(Connection& connection, const Early& early) {
  if (!closing_) connection_ = &connection;  // else the engine has forgotten it already
  flush();
  if (!early.message.empty() && connection_ != nullptr) take_first(early);
  received(early.bytes);
}

// What holds for a message in a frame holds for one that came without.
void WebSocketTransport::take_first(const Early& early) {
  std::uint16_t code = 0;
  if (early.message.size() > lane().options().message_bytes_max) {
    code = websocket::kCloseMessageTooBig;
  } else if (early.kind == MessageKind::kText && !websocket::is_valid_utf8(early.message)) {
    code = websocket::kCloseInvalidPayload;
  }
  if (code == 0) return connection_->received(early.message, early.kind);
  lane().count_error(code);
  fail(code, "no message that a frame may have", kBadRequest);
}

// --- Reading -------------------------------------------------------------------------------------

void WebSocketTransport::received(std::span<char> bytes) {
  const std::span<char> left = consume(bytes);
  if (!left.empty()) busy().rest.assign(left.begin(), left.end());
  settle();
}

std::span<char> WebSocketTransport::consume(std::span<char> input) {
  while (stream_ != nullptr && !paused_) {
    const websocket::Event event = reader_.next(input, lane().reader_limits());
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
      lane().count_error(event.code);
      fail(event.code, event.data, kBadRequest);
      return;
  }
}

void WebSocketTransport::deliver(const websocket::Event& event) {
  // What is unfinished from here on is another message.
  if (message_watched_) busy().message_since = lane().scheduler().now();
  const websocket::Event message = event.compressed ? lane().inflate(event) : event;
  if (message.kind == websocket::EventKind::kError) {
    lane().count_error(message.code);
    fail(message.code, message.data, kBadRequest);
    return;
  }
  connection_->received(message.data, message.binary ? MessageKind::kBinary : MessageKind::kText);
}

// Only the newest ping is answered if several come before a pong can leave, as RFC 6455 allows.
void WebSocketTransport::answer_ping(std::string_view payload) {
  busy().own = control_frame(websocket::Opcode::kPong, payload);
  flush();
}

// A bucket of tokens, told by the time when it will be full again. A time further off than the
// bucket is deep has long passed.
bool WebSocketTransport::admit_control() {
  const WebSocketOptions& options = lane().options();
  const Duration interval =
      options.control_per_second > 0 ? kSecond / options.control_per_second : kNever;
  const Duration part = std::max(interval / kPartsOfInterval, Duration(1));
  const auto now =
      static_cast<std::uint64_t>(lane().scheduler().now().time_since_epoch() / part) & kPartsMask;
  const std::uint64_t depth = std::uint64_t{options.control_burst} * kPartsOfInterval;
  const std::uint64_t until_full = (control_due_ - now) & kPartsMask;
  const std::uint64_t taken = (until_full <= depth ? until_full : 0) + kPartsOfInterval;
  if (taken > depth) {
    lane().counters.control_floods.add();
    fail(websocket::kClosePolicyViolation, "too many control frames", kTooManyRequests);
    return false;
  }
  control_due_ = (now + taken) & kPartsMask;
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
  if (rest_empty()) {
    stream_->resume_reading();
  } else if (!drain_posted_) {
    drain_posted_ = true;
    lane().scheduler().post(task(&WebSocketTransport::drain_rest));
  }
}

void WebSocketTransport::drain_rest() {
  drain_posted_ = false;
  if (stream_ == nullptr || paused_ || rest_empty()) return;
  // The rest is read where it lies, so that a peer that is paused after each message costs no more
  // than one that is not.
  Busy& busy = *busy_;
  const std::span<char> left = consume(std::span(busy.rest).subspan(busy.rest_begin));
  busy.rest_begin = busy.rest.size() - left.size();
  if (!left.empty()) return;
  busy.rest = {};
  busy.rest_begin = 0;
  settle();
  if (stream_ != nullptr && !paused_) stream_->resume_reading();
}

bool WebSocketTransport::rest_empty() const { return busy_ == nullptr || busy_->rest.empty(); }

// One timer watches all unfinished messages of the connection, so that a message that comes in two
// reads costs no timer of its own.
void WebSocketTransport::watch_message() {
  if (message_watched_ || !reader_.in_message()) return;
  message_watched_ = true;
  busy().message_since = lane().scheduler().now();
  const MonoTime due = busy().message_since + lane().options().message_timeout;
  lane().scheduler().call_at(due, task(&WebSocketTransport::check_message_age));
}

void WebSocketTransport::check_message_age() {
  message_watched_ = false;
  if (stream_ == nullptr || closing_ || paused_ || !reader_.in_message()) return settle();
  const MonoTime due = busy().message_since + lane().options().message_timeout;
  if (lane().scheduler().now() >= due) {
    lane().counters.slow_messages.add();
    fail(websocket::kClosePolicyViolation, "message takes too long", kBadRequest);
    return;
  }
  message_watched_ = true;
  lane().scheduler().call_at(due, task(&WebSocketTransport::check_message_age));
}

// --- Writing -------------------------------------------------------------------------------------

WriteResult WebSocketTransport::write(std::span<const Payload> payloads) {
  if (stream_ == nullptr || closing_ || write_failed_) return WriteResult::kFailed;
  if (stream_busy_) {
    busy().held.assign(payloads.begin(), payloads.end());
    return WriteResult::kPending;
  }
  if (busy_ == nullptr || busy_->own.empty()) return send({}, payloads);
  return send(std::exchange(busy_->own, {}), payloads);
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
    const std::size_t own_left = pending - std::min(pending, total_bytes(messages));
    if (own_left > 0) busy().own_left = own_left;
  }
  if (result == WriteResult::kFailed) write_failed_ = true;
  return result;
}

void WebSocketTransport::written(std::size_t bytes, bool done) {
  if (busy_) {
    const std::size_t own = std::min(bytes, busy_->own_left);
    busy_->own_left -= own;
    bytes -= own;
  }
  stream_busy_ = !done;
  if (engine_waits_ && bytes > 0) {
    if (done) engine_waits_ = false;
    if (connection_ != nullptr) connection_->written(bytes, done);
  }
  flush();
  settle();
}

// Sends what waited for the stream. The engine has forgotten a connection that is closing, so that
// only for others there is something to report.
void WebSocketTransport::flush() {
  if (stream_ == nullptr || stream_busy_ || write_failed_ || busy_ == nullptr) return;
  std::vector<Payload> messages = std::exchange(busy_->held, {});
  const std::size_t messages_bytes = total_bytes(messages);
  const Payload own = std::exchange(busy_->own, {});
  if (!busy_->close_frame.empty()) messages.push_back(std::exchange(busy_->close_frame, {}));
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
    busy().close_frame =
        control_frame(websocket::Opcode::kClose, websocket::build_close(code, text));
    const MonoTime due = lane().scheduler().now() + lane().options().close_timeout;
    busy().close_timer =
        lane().scheduler().call_at(due, task(&WebSocketTransport::close_timed_out));
    flush();
    resume_reading();  // for the peer's close frame
  } else if (peer_closed_ && busy().close_frame.empty()) {
    finish();
  }
}

void WebSocketTransport::close_timed_out() {
  if (stream_ == nullptr) return;
  lane().counters.close_timeouts.add();
  ByteStream* const ended = stream_;
  end_stream();
  ended->abort();
}

// The stream sends what it has and ends.
void WebSocketTransport::finish() {
  if (stream_ == nullptr) return;
  lane().scheduler().cancel(busy().close_timer);
  ByteStream* const ended = stream_;
  end_stream();
  ended->close_after_flush(lane().options().close_timeout);
}

void WebSocketTransport::closed() {
  end_stream();
  lane().scheduler().cancel(busy().close_timer);
  report_closed(write_failed_ ? kWriteError : kClosed);
}

void WebSocketTransport::report_closed(const CloseReason& reason) {
  if (Connection* connection = std::exchange(connection_, nullptr)) connection->closed(reason);
}

}  // namespace madang
