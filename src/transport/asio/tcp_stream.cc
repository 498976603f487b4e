// SPDX-License-Identifier: Apache-2.0
#include "tcp_stream.h"

#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace madang {

namespace {

constexpr std::size_t kIovecsMax = 64;

// How much the kernel keeps that has not gone to the network. More would only grow stale there.
constexpr int kUnsentBytesMax = 16 * 1024;

bool would_block(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

// Sends as much as the kernel takes. Fills the iovecs with payload(i) for i below `count`.
template <typename PayloadAt>
ssize_t send_some(int fd, std::size_t count, PayloadAt payload) {
  std::array<iovec, kIovecsMax> parts;
  count = std::min(count, kIovecsMax);
  for (std::size_t i = 0; i < count; ++i) {
    const Payload& part = payload(i);
    parts[i] = {const_cast<char*>(part.data()), part.size()};
  }
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = count;
  return ::sendmsg(fd, &message, MSG_NOSIGNAL);
}

}  // namespace

TcpStream::TcpStream(AsioLane& lane, int fd, bool is_v6, std::string peer_address)
    : lane_(lane), socket_(lane.context), fd_(fd), peer_address_(std::move(peer_address)) {
  asio::error_code ignored;
  socket_.assign(is_v6 ? asio::ip::tcp::v6() : asio::ip::tcp::v4(), fd, ignored);
  socket_.native_non_blocking(true, ignored);
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  ::setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &kUnsentBytesMax, sizeof(kUnsentBytesMax));
}

void TcpStream::start() {
  lane_.streams.push_front(shared_from_this());
  place_ = lane_.streams.begin();
  wait_readable();
}

void TcpStream::set_handler(std::shared_ptr<ByteStreamHandler> handler) {
  handler_.swap(handler);
  // The old one may be calling us.
  if (handler) asio::post(lane_.context, [old = std::move(handler)] {});
}

// --- Reading -------------------------------------------------------------------------------------

void TcpStream::resume_reading() {
  paused_ = false;
  wait_readable();
}

void TcpStream::wait_readable() {
  if (reading_ || paused_ || peer_ended_ || state_ == State::kEnded) return;
  reading_ = true;
  socket_.async_wait(asio::socket_base::wait_read,
                     [self = shared_from_this()](const asio::error_code& error) {
                       self->reading_ = false;
                       if (!error) self->on_readable();
                     });
}

// One read a turn, so that a peer that sends without end leaves the others their turn.
void TcpStream::on_readable() {
  if (paused_ || state_ == State::kEnded) return;
  auto& buffer = lane_.read_buffer;
  const ssize_t size = ::recv(fd_, buffer.data(), buffer.size(), 0);
  if (size < 0 && !would_block(errno)) return end_and_report();
  if (size == 0) {
    if (state_ == State::kOpen || pending_.empty()) return end_and_report();
    peer_ended_ = true;
    return;
  }
  if (size > 0 && state_ == State::kOpen) {
    const std::shared_ptr<ByteStreamHandler> handler = handler_;
    handler->received({buffer.data(), static_cast<std::size_t>(size)});
  }
  wait_readable();
}

// --- Writing -------------------------------------------------------------------------------------

WriteResult TcpStream::write(std::span<const Payload> payloads) {
  if (failed_ || state_ != State::kOpen) return WriteResult::kFailed;
  while (!payloads.empty()) {
    const ssize_t sent = send_some(fd_, payloads.size(),
                                   [&](std::size_t i) -> const Payload& { return payloads[i]; });
    if (sent < 0 && !would_block(errno)) {
      failed_ = true;
      end_later();
      return WriteResult::kFailed;
    }
    std::size_t left = sent > 0 ? static_cast<std::size_t>(sent) : 0;
    while (!payloads.empty() && payloads.front().size() <= left) {
      left -= payloads.front().size();
      payloads = payloads.subspan(1);
    }
    if (sent < 0 || left > 0) {
      keep_rest(payloads, left);
      wait_writable();
      return WriteResult::kPending;
    }
  }
  return WriteResult::kDone;
}

void TcpStream::keep_rest(std::span<const Payload> payloads, std::size_t sent) {
  for (const Payload& payload : payloads) {
    pending_bytes_ += payload.size() - sent;
    pending_.push_back(payload.slice(sent, payload.size() - sent));
    sent = 0;
  }
}

void TcpStream::wait_writable() {
  if (writing_ || state_ == State::kEnded) return;
  writing_ = true;
  socket_.async_wait(asio::socket_base::wait_write,
                     [self = shared_from_this()](const asio::error_code& error) {
                       self->writing_ = false;
                       if (!error) self->on_writable();
                     });
}

void TcpStream::on_writable() {
  if (state_ == State::kEnded) return;
  const std::size_t before = pending_bytes_;
  if (!send_pending()) return end_and_report();
  const bool done = pending_.empty();
  const std::size_t sent = before - pending_bytes_;
  if (!done) wait_writable();
  if (state_ == State::kClosing) {
    if (done) shut_down_sending();
  } else if (sent > 0) {
    const std::shared_ptr<ByteStreamHandler> handler = handler_;
    handler->written(sent, done);
  }
}

// False if the connection is broken.
bool TcpStream::send_pending() {
  while (!pending_.empty()) {
    const ssize_t sent = send_some(fd_, pending_.size(),
                                   [&](std::size_t i) -> const Payload& { return pending_[i]; });
    if (sent < 0) return would_block(errno);
    auto left = static_cast<std::size_t>(sent);
    pending_bytes_ -= left;
    while (!pending_.empty() && pending_.front().size() <= left) {
      left -= pending_.front().size();
      pending_.pop_front();
    }
    if (left > 0) {
      Payload& front = pending_.front();
      front = front.slice(left, front.size() - left);
    }
  }
  return true;
}

// --- Ending --------------------------------------------------------------------------------------

void TcpStream::close_after_flush(Duration deadline) {
  if (state_ != State::kOpen) return;
  state_ = State::kClosing;
  deadline_ = lane_.scheduler.call_at(lane_.scheduler.now() + deadline, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->end();
  });
  if (pending_.empty()) shut_down_sending();
  resume_reading();
}

void TcpStream::shut_down_sending() {
  ::shutdown(fd_, SHUT_WR);
  if (peer_ended_) end();
}

void TcpStream::abort() { end(); }

void TcpStream::close_socket() {
  state_ = State::kEnded;
  asio::error_code ignored;
  socket_.close(ignored);
  lane_.scheduler.cancel(deadline_);
  pending_.clear();
  pending_bytes_ = 0;
}

void TcpStream::end() {
  if (state_ == State::kEnded) return;
  close_socket();
  // Whoever calls may be our handler, which lives as long as we do.
  asio::post(lane_.context, [self = std::move(*place_)] {});
  lane_.streams.erase(place_);
}

// For a failure that is found where the handler must not be called.
void TcpStream::end_later() {
  asio::post(lane_.context, [self = shared_from_this()] { self->end_and_report(); });
}

void TcpStream::end_and_report() {
  if (state_ == State::kEnded) return;
  const bool report = state_ == State::kOpen;
  end();
  const std::shared_ptr<ByteStreamHandler> handler = handler_;
  if (report) handler->closed();
}

void TcpStream::drop() {
  const std::shared_ptr<TcpStream> self = std::move(*place_);
  lane_.streams.erase(place_);
  close_socket();
  const std::shared_ptr<ByteStreamHandler> handler = std::move(handler_);
}

}  // namespace madang
