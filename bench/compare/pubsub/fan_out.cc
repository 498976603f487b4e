// SPDX-License-Identifier: Apache-2.0
#include "fan_out.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "cpu_time.h"

namespace bench {
namespace {

constexpr std::string_view kNatsPing = "PING\r\n";
constexpr std::size_t kBufferBytes = 256 * 1024;
constexpr int kAnswerTimeoutMs = 5'000;

[[noreturn]] void fail(std::string_view what) {
  throw std::runtime_error(fmt::format("{}: {}", what, std::strerror(errno)));
}

void send_all(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0) fail("send");
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

std::string make_head(const FanOutOptions& options) {
  if (options.protocol == Protocol::kNats) {
    return fmt::format("MSG room 1 {}\r\n", options.message_bytes);
  }
  return fmt::format("*3\r\n$7\r\nmessage\r\n$4\r\nroom\r\n${}\r\n", options.message_bytes);
}

std::string make_publish_command(const FanOutOptions& options) {
  const std::string message(options.message_bytes, 'x');
  if (options.protocol == Protocol::kNats) {
    return fmt::format("PUB room {}\r\n{}\r\n", options.message_bytes, message);
  }
  return fmt::format("*3\r\n$7\r\nPUBLISH\r\n$4\r\nroom\r\n${}\r\n{}\r\n", options.message_bytes,
                     message);
}

}  // namespace

FanOut::FanOut(const FanOutOptions& options)
    : options_(options),
      head_(make_head(options)),
      publish_command_(make_publish_command(options)),
      frame_bytes_(head_.size() + options.message_bytes + 2),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      members_(options.members),
      received_(options.in_flight),
      buffer_(kBufferBytes) {
  constexpr std::string_view kNatsConnect = "CONNECT {\"verbose\":false,\"pedantic\":false}\r\n";
  const bool nats = options_.protocol == Protocol::kNats;
  for (std::size_t i = 0; i <= members_.size(); ++i) {
    const bool publishes = i == members_.size();
    std::string greeting = nats ? std::string(kNatsConnect) : std::string();
    if (!publishes) greeting += nats ? "SUB room 1\r\n" : "SUBSCRIBE room\r\n";
    greeting += nats ? "PING\r\n" : publishes ? "PING\r\n" : "";
    const int socket = connect_one(greeting, nats        ? "PONG\r\n"
                                             : publishes ? "+PONG\r\n"
                                                         : "room\r\n:1\r\n");
    (publishes ? publisher_ : members_[i].socket) = socket;
    epoll_event event{.events = EPOLLIN, .data = {.u64 = i}};
    if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &event) != 0) fail("epoll_ctl");
  }
}

FanOut::~FanOut() {
  for (const Member& member : members_)
    ::close(member.socket);
  ::close(publisher_);
  ::close(epoll_);
}

int FanOut::connect_one(std::string_view greeting, std::string_view last_answer) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(options_.port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const timeval timeout{.tv_sec = kAnswerTimeoutMs / 1000, .tv_usec = 0};
  const int on = 1;
  if (socket < 0 || ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0 ||
      ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout) != 0 ||
      ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    fail("connect");
  }
  send_all(socket, greeting);
  std::string answer;
  while (!answer.ends_with(last_answer)) {
    const ssize_t read = ::recv(socket, buffer_.data(), buffer_.size(), 0);
    if (read <= 0 || answer.size() > kBufferBytes) fail("no answer to the greeting");
    answer.append(buffer_.data(), static_cast<std::size_t>(read));
  }
  return socket;
}

void FanOut::fill_window() {
  outgoing_.clear();
  while (published_ - completed_ < options_.in_flight) {
    outgoing_ += publish_command_;
    ++published_;
  }
  send_all(publisher_, outgoing_);
}

void FanOut::run_until(std::int64_t deadline_ns) {
  while (monotonic_ns() < deadline_ns) {
    fill_window();
    turn(100);
  }
}

void FanOut::drain() {
  const std::int64_t deadline_ns = monotonic_ns() + 10'000'000'000LL;
  while (!complete()) {
    if (monotonic_ns() > deadline_ns) throw std::runtime_error("messages were lost");
    turn(100);
  }
}

void FanOut::turn(int timeout_ms) {
  std::array<epoll_event, 256> events;
  const int count = ::epoll_wait(epoll_, events.data(), events.size(), timeout_ms);
  for (int i = 0; i < count; ++i) {
    const std::uint64_t index = events[static_cast<std::size_t>(i)].data.u64;
    if (index == members_.size()) {
      read_replies();
    } else {
      read_member(members_[index]);
    }
  }
}

// What the publisher is answered, which nobody waits for. An error ends the run.
void FanOut::read_replies() {
  const ssize_t read = ::recv(publisher_, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
  if (read <= 0) fail("the publisher was closed");
  const std::string_view replies(buffer_.data(), static_cast<std::size_t>(read));
  if (replies.find("-E") != replies.npos) throw std::runtime_error(std::string(replies));
  if (replies.find(kNatsPing) != replies.npos) send_all(publisher_, "PONG\r\n");
}

void FanOut::read_member(Member& member) {
  const ssize_t read = ::recv(member.socket, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
  if (read <= 0) fail("a subscriber was closed");
  std::string_view bytes(buffer_.data(), static_cast<std::size_t>(read));
  while (!bytes.empty()) {
    if (member.frame_read == 0 && bytes.front() != head_.front()) {
      bytes.remove_prefix(read_control(member, bytes));
      continue;
    }
    const std::size_t taken = std::min(bytes.size(), frame_bytes_ - member.frame_read);
    if (member.frame_read < head_.size()) {
      const std::size_t compared = std::min(taken, head_.size() - member.frame_read);
      if (bytes.substr(0, compared) != head_.substr(member.frame_read, compared)) {
        throw std::runtime_error("a subscriber got what nobody published");
      }
    }
    member.frame_read += taken;
    bytes.remove_prefix(taken);
    if (member.frame_read == frame_bytes_) count_one(member);
  }
}

// NATS asks now and then whether somebody is there. Returns the bytes of the question.
std::size_t FanOut::read_control(Member& member, std::string_view bytes) {
  if (options_.protocol != Protocol::kNats || !bytes.starts_with(kNatsPing)) {
    throw std::runtime_error(fmt::format("not understood: {:.40}", bytes));
  }
  send_all(member.socket, "PONG\r\n");
  return kNatsPing.size();
}

void FanOut::count_one(Member& member) {
  member.frame_read = 0;
  if (member.next >= published_) throw std::runtime_error("a message came twice");
  std::size_t& received = received_[member.next % received_.size()];
  ++member.next;
  ++deliveries_;
  if (++received == members_.size()) {
    received = 0;
    ++completed_;
  }
}

}  // namespace bench
