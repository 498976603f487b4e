// SPDX-License-Identifier: Apache-2.0
#include "pool.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "clock.h"
#include "failure.h"

namespace load {
namespace {

constexpr int kEventsMax = 1024;
// A read this large stays in the second-level cache while its frames are walked.
constexpr std::size_t kReadBytes = 256 * 1024;
constexpr std::size_t kBufferBytes = kReadBytes + kFramePayloadBytesMax + kFrameHeaderBytesMax;
// Connections from one address to one; there are some 28,000 ports.
constexpr std::size_t kConnectionsPerAddress = 20'000;
constexpr std::int64_t kPatience_ns = 30 * kSecond_ns;

bool is_loopback(const sockaddr_in& address) { return ntohl(address.sin_addr.s_addr) >> 24 == 127; }

}  // namespace

void Listener::on_word(Connection& connection, const Word& word, std::int64_t) {
  if (word.kind == Word::Kind::kError) {
    throw Failure(fmt::format("the server refused command {} of member {} of room {}: error {}",
                              word.id, connection.member, connection.room, word.code));
  }
}

void Listener::on_closed(Connection& connection, const Closing& closing) {
  throw Failure(fmt::format("the server closed the connection of member {} of room {}: {} {}",
                            connection.member, connection.room,
                            closing.code == 0 ? "no close frame" : std::to_string(closing.code),
                            closing.reason));
}

Pool::Pool(const PoolOptions& options)
    : options_(options),
      codec_(*options.codec),
      listener_(*options.listener),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      buffer_(std::make_unique<char[]>(kBufferBytes)) {
  if (epoll_ < 0) throw Failure(fmt::format("epoll_create1: {}", std::strerror(errno)));
}

Pool::~Pool() {
  for (Connection& connection : connections_) {
    if (connection.fd >= 0) ::close(connection.fd);
  }
  ::close(epoll_);
}

Connection& Pool::add(std::uint32_t room, std::uint32_t member) {
  Connection& connection = connections_.emplace_back();
  connection.index = static_cast<std::uint32_t>(connections_.size() - 1);
  connection.room = room;
  connection.member = member;
  return connection;
}

void Pool::set_stage(Connection& connection, Stage stage) {
  const auto is_opening = [](Stage s) { return s != Stage::kClosed && s != Stage::kReady; };
  opening_ += is_opening(stage) - is_opening(connection.stage);
  ready_ += (stage == Stage::kReady) - (connection.stage == Stage::kReady);
  connection.stage = stage;
}

// --- Connecting ----------------------------------------------------------------------------------

// Each run starts at an address of its own, because the last one's ports rest for a minute, and
// goes to the next one in good time.
void Pool::bind_source(Connection& connection) {
  if (!is_loopback(options_.server)) return;
  const std::size_t addresses =
      options_.source_addresses > 0
          ? options_.source_addresses
          : std::max<std::size_t>(4, connections_.size() / kConnectionsPerAddress + 1);
  std::uint32_t first = options_.first_source_address;
  if (first == 0) first = (static_cast<std::uint32_t>(getpid()) % 60'000 + 256) << 4;
  sockaddr_in source{};
  source.sin_family = AF_INET;
  source.sin_addr.s_addr =
      htonl(0x7f00'0000u |
            ((first + static_cast<std::uint32_t>(connects_++ % addresses)) & 0x00ff'ffffu));
  const int yes = 1;
  ::setsockopt(connection.fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes);
  if (::bind(connection.fd, reinterpret_cast<const sockaddr*>(&source), sizeof source) != 0) {
    fail(connection, fmt::format("bind: {}", std::strerror(errno)));
  }
}

void Pool::connect(Connection& connection) {
  connection.fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (connection.fd < 0) {
    fail(connection, errno == EMFILE || errno == ENFILE
                         ? "the limit of open files is reached: see ulimit -n and fs.file-max"
                         : std::strerror(errno));
  }
  set_stage(connection, Stage::kConnecting);
  connection.wants_write = connection.is_paused = false;
  connection.began_ns = now_ns();
  if (connection.is_slow) {
    ::setsockopt(connection.fd, SOL_SOCKET, SO_RCVBUF, &options_.slow_receive_bytes, sizeof(int));
  }
  const int yes = 1;
  ::setsockopt(connection.fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  bind_source(connection);
  const auto* server = reinterpret_cast<const sockaddr*>(&options_.server);
  const bool is_under_way = ::connect(connection.fd, server, sizeof options_.server) != 0;
  if (is_under_way && errno != EINPROGRESS) {
    fail(connection, errno == EADDRNOTAVAIL
                         ? "no port is left to connect from: raise --source-addresses or "
                           "net.ipv4.ip_local_port_range"
                         : std::strerror(errno));
  }
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u32 = connection.index;
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, connection.fd, &event) != 0) {
    fail(connection,
         fmt::format("epoll_ctl: {} (see fs.epoll.max_user_watches)", std::strerror(errno)));
  }
  // On this machine the other end has answered by now, so that this goes out at once.
  start_handshake(connection);
}

void Pool::start_handshake(Connection& connection) {
  const Blanks blanks{.room = connection.room, .member = connection.member};
  const std::string path = connection.is_member || codec_.publish_path(blanks).empty()
                               ? codec_.path(blanks)
                               : codec_.publish_path(blanks);
  set_stage(connection, Stage::kHandshake);
  send(connection,
       fmt::format("GET {} HTTP/1.1\r\nHost: {}:{}\r\nUpgrade: websocket\r\n"
                   "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                   "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
                   path, inet_ntoa(options_.server.sin_addr), ntohs(options_.server.sin_port)));
}

void Pool::connect_all(std::size_t at_once, void (*progress)(void*, std::size_t), void* context) {
  std::size_t next = 0;
  std::size_t ready_before = ready_;
  std::int64_t last_ready_ns = now_ns();
  while (true) {
    while (next < connections_.size() && opening_ < at_once) {
      Connection& connection = connections_[next++];
      if (connection.stage == Stage::kClosed) connect(connection);
    }
    if (next == connections_.size() && opening_ == 0) return;
    poll(100 * kMillisecond_ns);
    const std::int64_t now = now_ns();
    if (ready_ != ready_before) {
      ready_before = ready_;
      last_ready_ns = now;
    }
    if (now - last_ready_ns > kPatience_ns) {
      throw Failure(fmt::format("{} connections are ready, {} under way, and for 30 s none more",
                                ready_, opening_));
    }
    if (progress != nullptr) progress(context, ready_);
  }
}

void Pool::close(Connection& connection) {
  if (connection.fd < 0) return;
  ::close(connection.fd);
  connection.fd = -1;
  set_stage(connection, Stage::kClosed);
  connection.tail.clear();
  connection.unsent.clear();
}

void Pool::close_all() {
  for (Connection& connection : connections_)
    close(connection);
}

// --- Writing -------------------------------------------------------------------------------------

void Pool::send(Connection& connection, std::string_view frames) {
  if (connection.fd < 0) return;
  if (connection.unsent.empty()) {
    const ssize_t sent =
        ::send(connection.fd, frames.data(), frames.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent == static_cast<ssize_t>(frames.size())) return;
    if (sent > 0) frames.remove_prefix(static_cast<std::size_t>(sent));
    // An error is met again by the next read; but that of a connect() is told only once.
    if (sent < 0 && errno != EAGAIN && connection.stage == Stage::kHandshake) {
      return lose(connection, {0, std::strerror(errno)});
    }
  }
  connection.unsent += frames;
  watch(connection, true);
}

void Pool::send_text(Connection& connection, std::string_view text) {
  std::string frame;
  append_client_frame(Opcode::kText, text, &frame);
  send(connection, frame);
}

void Pool::flush(Connection& connection) {
  const ssize_t sent = ::send(connection.fd, connection.unsent.data(), connection.unsent.size(),
                              MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN) return lose(connection, {0, std::strerror(errno)});
  if (sent > 0) connection.unsent.erase(0, static_cast<std::size_t>(sent));
  if (connection.unsent.empty()) watch(connection, false);
}

void Pool::watch(Connection& connection, bool wants_write) {
  if (connection.wants_write == wants_write || connection.is_paused) return;
  connection.wants_write = wants_write;
  epoll_event event{};
  event.events = EPOLLIN | (wants_write ? EPOLLOUT : 0u);
  event.data.u32 = connection.index;
  epoll_ctl(epoll_, EPOLL_CTL_MOD, connection.fd, &event);
}

void Pool::pause(Connection& connection) {
  if (connection.fd < 0 || connection.is_paused) return;
  connection.is_paused = true;
  epoll_ctl(epoll_, EPOLL_CTL_DEL, connection.fd, nullptr);
}

void Pool::resume(Connection& connection) {
  if (connection.fd < 0 || !connection.is_paused) return;
  connection.is_paused = false;
  connection.wants_write = !connection.unsent.empty();
  epoll_event event{};
  event.events = EPOLLIN | (connection.wants_write ? EPOLLOUT : 0u);
  event.data.u32 = connection.index;
  epoll_ctl(epoll_, EPOLL_CTL_ADD, connection.fd, &event);
}

// --- Reading -------------------------------------------------------------------------------------

void Pool::poll(std::int64_t timeout_ns) {
  std::array<epoll_event, kEventsMax> events;
  const timespec timeout{timeout_ns / kSecond_ns, timeout_ns % kSecond_ns};
  const int count = epoll_pwait2(epoll_, events.data(), kEventsMax, &timeout, nullptr);
  if (count < 0 && errno != EINTR) throw Failure(fmt::format("epoll: {}", std::strerror(errno)));
  for (int i = 0; i < count; ++i) {
    Connection& connection = connections_[events[static_cast<std::size_t>(i)].data.u32];
    const std::uint32_t what = events[static_cast<std::size_t>(i)].events;
    // One before it in this round may have closed or paused it.
    if (connection.fd < 0 || connection.is_paused) continue;
    if ((what & EPOLLOUT) != 0 && !connection.unsent.empty()) flush(connection);
    if ((what & ~EPOLLOUT) != 0 && connection.fd >= 0) read(connection);
  }
}

void Pool::read(Connection& connection) {
  char* const buffer = buffer_.get();
  const std::size_t kept = connection.tail.size();
  std::memcpy(buffer, connection.tail.data(), kept);
  const ssize_t size = ::recv(connection.fd, buffer + kept, kReadBytes, MSG_DONTWAIT);
  if (size <= 0) {
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
    return lose(connection, {0, size < 0 ? std::strerror(errno) : "end of stream"});
  }
  const std::int64_t now = now_ns();
  ++reads_;
  bytes_read_ += static_cast<std::size_t>(size);
  handle_bytes(connection, buffer, kept + static_cast<std::size_t>(size), now);
}

void Pool::handle_bytes(Connection& connection, const char* bytes, std::size_t size,
                        std::int64_t now) {
  const std::int64_t began = connection.began_ns;
  std::size_t done = 0;
  if (connection.stage == Stage::kHandshake) {
    done = handle_handshake(connection, {bytes, size}, now);
  }
  if (connection.stage == Stage::kOpening || connection.stage == Stage::kReady) {
    done += handle_frames(connection, bytes + done, size - done, now);
  }
  // Unless a listener closed it, or even connected it anew.
  if (connection.fd >= 0 && connection.began_ns == began) {
    connection.tail.assign(bytes + done, size - done);
  }
}

void Pool::lose(Connection& connection, const Closing& closing) {
  if (connection.stage != Stage::kReady) {
    fail(connection, closing.code == 0
                         ? closing.reason
                         : fmt::format("closed: {} {}", closing.code, closing.reason));
  }
  close(connection);
  listener_.on_closed(connection, closing);
}

void Pool::fail(const Connection& connection, std::string_view what) const {
  throw Failure(fmt::format("connection {} to {}:{}: {}", connection.index,
                            inet_ntoa(options_.server.sin_addr), ntohs(options_.server.sin_port),
                            what));
}

}  // namespace load
