// SPDX-License-Identifier: Apache-2.0
#include "tcp_stream.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace madang {

namespace {

constexpr std::size_t kPartsMax = 64;

// Of one connection in one turn. More is sent at once, so that whoever writes without end learns
// soon that the peer does not read.
constexpr std::size_t kQueuedBytesMax = 16 * 1024;

bool would_block(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

std::size_t total_bytes(std::span<const Payload> payloads) {
  std::size_t bytes = 0;
  for (const Payload& payload : payloads)
    bytes += payload.size();
  return bytes;
}

// Sends as much as the kernel takes of payload(i) for i below `count`: bytes, or -errno.
template <typename PayloadAt>
ssize_t send_some(int fd, std::size_t count, PayloadAt payload) {
  std::array<iovec, kPartsMax> parts;
  count = std::min(count, kPartsMax);
  for (std::size_t i = 0; i < count; ++i) {
    const Payload& part = payload(i);
    parts[i] = {const_cast<char*>(part.data()), part.size()};
  }
  Send send{.fd = fd, .parts = {parts.data(), count}};
  send_one_by_one({&send, 1});
  return send.result;
}

}  // namespace

TcpStream::TcpStream(TcpLane& lane, int fd, const PeerAddress& peer_address)
    : lane_(lane), fd_(fd), peer_address_(peer_address) {}

TcpStream::~TcpStream() {
  if (state_ != State::kEnded) close_socket();
}

bool TcpStream::start() {
  waits_in_ = lane_.watch(fd_, *this, EPOLLIN);
  return waits_in_;
}

void TcpStream::set_handler(std::shared_ptr<ByteStreamHandler> handler) {
  handler_.swap(handler);
  if (handler) lane_.bury(std::move(handler));  // it may be calling us
}

void TcpStream::ready(std::uint32_t events) {
  // A broken connection is found out by the call that is due anyway.
  const bool broken = (events & (EPOLLERR | EPOLLHUP)) != 0;
  if (blocked() && (broken || (events & EPOLLOUT) != 0)) write_rest();
  if (state_ != State::kEnded && (broken || (events & EPOLLIN) != 0)) read();
}

// Level-triggered. A stream that waits for nothing is not registered at all, as epoll would tell
// of a broken connection without end.
void TcpStream::update_interest() {
  const bool in = !paused_ && !peer_ended_;
  const bool out = blocked();
  if (in == waits_in_ && out == waits_out_) return;
  const std::uint32_t events = (in ? EPOLLIN : 0U) | (out ? EPOLLOUT : 0U);
  if (events == 0) {
    lane_.unwatch(fd_, *this);
  } else if (waits_in_ || waits_out_) {
    lane_.rewatch(fd_, *this, events);
  } else if (!lane_.watch(fd_, *this, events)) {
    return fail();
  }
  waits_in_ = in;
  waits_out_ = out;
}

// --- Reading -------------------------------------------------------------------------------------

void TcpStream::resume_reading() {
  paused_ = false;
  if (state_ != State::kEnded) update_interest();
}

// One read a turn, so that a peer that sends without end leaves the others their turn.
void TcpStream::read() {
  // Only now, so that a pause that is over before anything comes costs nothing.
  if (paused_ || peer_ended_) return update_interest();
  const std::span<char> buffer = lane_.read_buffer();
  const ssize_t size = ::recv(fd_, buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (size < 0) {
    if (!would_block(errno)) end_and_report();
    return;
  }
  if (size == 0) {
    if (state_ == State::kOpen || !blocked()) return end_and_report();
    peer_ended_ = true;
    return update_interest();
  }
  if (state_ == State::kOpen) handler_->received(buffer.first(static_cast<std::size_t>(size)));
}

// --- Writing -------------------------------------------------------------------------------------

WriteResult TcpStream::write(std::span<const Payload> payloads) {
  if (failed_ || state_ != State::kOpen) return WriteResult::kFailed;
  const std::size_t bytes = total_bytes(payloads);
  if (bytes == 0) return WriteResult::kDone;
  if (blocked()) {
    for (const Payload& payload : payloads)
      keep(payload, 0);
    told_pending_ = true;
    return WriteResult::kPending;
  }
  FlushList& list = lane_.flush_list_for(payloads.size());
  std::size_t queued_bytes = bytes;
  std::size_t queued_payloads = payloads.size();
  if (queued_ != FlushList::kNowhere) {
    queued_bytes += list.entry(queued_).bytes;
    queued_payloads += list.entry(queued_).count;
  }
  if (queued_bytes > kQueuedBytesMax || queued_payloads > kPartsMax) return write_at_once(payloads);
  if (blocked() || failed_) return write(payloads);  // the list was full and is flushed
  queued_ = list.add(*this, fd_, queued_, payloads);
  return WriteResult::kDone;
}

WriteResult TcpStream::write_at_once(std::span<const Payload> payloads) {
  flush_own();
  std::size_t first = 0;
  std::size_t sent = 0;  // of payloads[first]
  while (!failed_ && !blocked() && first < payloads.size()) {
    const ssize_t result =
        send_some(fd_, payloads.size() - first,
                  [&](std::size_t i) -> const Payload& { return payloads[first + i]; });
    if (result < 0 && !would_block(static_cast<int>(-result))) {
      fail();
      break;
    }
    sent = static_cast<std::size_t>(std::max<ssize_t>(result, 0));
    while (first < payloads.size() && payloads[first].size() <= sent)
      sent -= payloads[first++].size();
    if (result < 0 || sent > 0) break;
  }
  if (failed_) return WriteResult::kFailed;
  if (first == payloads.size()) return WriteResult::kDone;
  for (; first < payloads.size(); ++first)
    keep(payloads[first], std::exchange(sent, 0));
  told_pending_ = true;
  update_interest();
  return failed_ ? WriteResult::kFailed : WriteResult::kPending;
}

// Sends what was queued in this turn without waiting for its end.
void TcpStream::flush_own() {
  if (queued_ == FlushList::kNowhere) return;
  lane_.flush_list().take(std::exchange(queued_, FlushList::kNowhere),
                          [this](const Payload& payload) { keep(payload, 0); });
  if (!send_rest()) return fail();
  rest_->done_bytes = rest_->bytes;
  settle_rest();
  update_interest();
}

void TcpStream::flushed(ssize_t result, const FlushList::Entry& entry, FlushList& list) {
  queued_ = FlushList::kNowhere;
  if (result == static_cast<ssize_t>(entry.bytes)) return;
  if (result < 0 && !would_block(static_cast<int>(-result))) return fail();
  std::size_t sent = static_cast<std::size_t>(std::max<ssize_t>(result, 0));
  list.for_each(entry, [&](const Payload& payload) {
    const std::size_t of_this = std::min(sent, payload.size());
    sent -= of_this;
    if (of_this < payload.size()) keep(payload, of_this);
  });
  rest_->done_bytes = rest_->bytes;
  update_interest();
}

// The socket is writable, or broken.
void TcpStream::write_rest() {
  const std::size_t before = rest_->bytes;
  if (!send_rest()) return end_and_report();
  const std::size_t sent = before - rest_->bytes;
  const std::size_t unreported = std::min(sent, rest_->done_bytes);
  rest_->done_bytes -= unreported;
  const bool done = rest_->payloads.empty();
  settle_rest();
  update_interest();
  if (state_ == State::kClosing) {
    if (done) shut_down_sending();
  } else if (told_pending_ && (done || sent > unreported)) {
    told_pending_ = !done;
    handler_->written(sent - unreported, done);
  }
}

// False if the connection is broken.
bool TcpStream::send_rest() {
  while (!rest_->payloads.empty()) {
    Ring<Payload>& payloads = rest_->payloads;
    const ssize_t result = send_some(fd_, payloads.size(),
                                     [&](std::size_t i) -> const Payload& { return payloads[i]; });
    if (result < 0) return would_block(static_cast<int>(-result));
    auto left = static_cast<std::size_t>(result);
    rest_->bytes -= left;
    while (!payloads.empty() && payloads.front().size() <= left) {
      left -= payloads.front().size();
      payloads.pop_front();
    }
    if (left > 0) {
      Payload& front = payloads.front();
      front = front.slice(left, front.size() - left);
      return true;  // the kernel is full
    }
  }
  return true;
}

std::size_t TcpStream::pending_bytes() const {
  return told_pending_ && rest_ ? rest_->bytes - rest_->done_bytes : 0;
}

TcpStream::Rest& TcpStream::rest() {
  if (!rest_) rest_ = std::make_unique<Rest>();
  return *rest_;
}

void TcpStream::keep(const Payload& payload, std::size_t sent) {
  if (payload.size() == sent) return;
  rest().bytes += payload.size() - sent;
  rest().payloads.push_back(payload.slice(sent, payload.size() - sent));
}

void TcpStream::settle_rest() {
  if (state_ == State::kOpen && rest_->payloads.empty()) rest_.reset();
}

// The handler must not be called from here.
void TcpStream::fail() {
  if (failed_ || state_ == State::kEnded) return;
  failed_ = true;
  lane_.fail_later(*this);
}

// --- Ending --------------------------------------------------------------------------------------

void TcpStream::close_after_flush(Duration deadline) {
  if (state_ != State::kOpen) return;
  flush_own();
  state_ = State::kClosing;
  Scheduler& scheduler = lane_.scheduler();
  rest().deadline = scheduler.call_at(scheduler.now() + deadline, [this] { end(); });
  if (!blocked()) shut_down_sending();
  resume_reading();
}

void TcpStream::shut_down_sending() {
  ::shutdown(fd_, SHUT_WR);
  if (peer_ended_) end();
}

void TcpStream::abort() {
  if (state_ == State::kOpen) flush_own();
  end();
}

void TcpStream::close_socket() {
  state_ = State::kEnded;
  if (waits_in_ || waits_out_) lane_.unwatch(fd_, *this);
  // Out of the list before its descriptor can be another's.
  if (queued_ != FlushList::kNowhere) {
    lane_.flush_list().take(std::exchange(queued_, FlushList::kNowhere), [](const Payload&) {});
  }
  ::close(fd_);
  if (rest_) lane_.scheduler().cancel(rest_->deadline);
  rest_.reset();
}

void TcpStream::end() {
  if (state_ == State::kEnded) return;
  close_socket();
  lane_.bury(*this);  // whoever calls may be our handler, which lives as long as we do
}

void TcpStream::end_and_report() {
  if (state_ == State::kEnded) return;
  const bool report = state_ == State::kOpen;
  end();
  if (report) handler_->closed();
}

void TcpStream::drop() {
  if (state_ == State::kEnded) return;
  close_socket();
  lane_.bury(*this);
}

}  // namespace madang
