// SPDX-License-Identifier: Apache-2.0
#include "lane_listener.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <system_error>
#include <utility>

#include "tcp_stream.h"

namespace madang {

namespace {

// Connections accepted in one turn of the loop, so that a storm of them leaves others their turn.
constexpr int kAcceptsPerTurn = 16;

// How much the kernel keeps that has not gone to the network. More would only grow stale there.
constexpr int kUnsentBytesMax = 16 * 1024;

bool out_of_resources(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

bool would_block(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

// An address and port as the system wants them.
class Endpoint {
 public:
  static std::optional<Endpoint> parse(const std::string& address, std::uint16_t port) {
    Endpoint endpoint;
    if (::inet_pton(AF_INET, address.c_str(), &endpoint.v4()->sin_addr) == 1) {
      endpoint.v4()->sin_family = AF_INET;
      endpoint.v4()->sin_port = htons(port);
      endpoint.size_ = sizeof(sockaddr_in);
      return endpoint;
    }
    endpoint = {};
    if (::inet_pton(AF_INET6, address.c_str(), &endpoint.v6()->sin6_addr) != 1) return std::nullopt;
    endpoint.v6()->sin6_family = AF_INET6;
    endpoint.v6()->sin6_port = htons(port);
    endpoint.size_ = sizeof(sockaddr_in6);
    return endpoint;
  }

  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage_); }
  socklen_t* size() { return &size_; }
  int family() const { return storage_.ss_family; }
  std::uint16_t port() { return ntohs(family() == AF_INET ? v4()->sin_port : v6()->sin6_port); }

  PeerAddress address() {
    if (family() == AF_INET) {
      const auto* bytes = reinterpret_cast<const std::uint8_t*>(&v4()->sin_addr);
      return PeerAddress::v4(std::span<const std::uint8_t, 4>(bytes, 4));
    }
    PeerAddress::Bytes bytes;
    std::copy_n(reinterpret_cast<const std::uint8_t*>(&v6()->sin6_addr), bytes.size(),
                bytes.begin());
    return PeerAddress::v6(bytes);
  }

 private:
  sockaddr_in* v4() { return reinterpret_cast<sockaddr_in*>(&storage_); }
  sockaddr_in6* v6() { return reinterpret_cast<sockaddr_in6*>(&storage_); }

  sockaddr_storage storage_{};
  socklen_t size_ = sizeof(sockaddr_storage);
};

class LaneListener final : public TcpListener, private Pollable {
 public:
  LaneListener(TcpLane& lane, Duration pause, Accept accept, Failed failed)
      : lane_(lane), pause_(pause), accept_(std::move(accept)), failed_(std::move(failed)) {}
  ~LaneListener() override { close(); }

  // 0 or an errno.
  int listen(Endpoint endpoint, int backlog, bool shared) {
    fd_ = ::socket(endpoint.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd_ < 0) return errno;
    const int on = 1;
    const int share = shared ? 1 : 0;
    ::setsockopt(fd_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    ::setsockopt(fd_, SOL_SOCKET, SO_REUSEPORT, &share, sizeof(share));
    // The connections inherit these.
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &kUnsentBytesMax, sizeof(kUnsentBytesMax));
    if (::bind(fd_, endpoint.get(), *endpoint.size()) != 0) return errno;
    if (::listen(fd_, backlog) != 0) return errno;
    Endpoint bound;
    if (::getsockname(fd_, bound.get(), bound.size()) != 0) return errno;
    port_ = bound.port();
    return 0;
  }

  std::uint16_t port() const override { return port_; }

  void start() override {
    if (fd_ < 0 || watched_) return;
    watched_ = lane_.watch(fd_, *this, EPOLLIN);
    if (!watched_) pause_accepting(errno);
  }

  void close() override {
    if (fd_ < 0) return;
    if (watched_) lane_.unwatch(fd_, *this);
    if (pause_timer_) lane_.scheduler().cancel(*pause_timer_);
    ::close(std::exchange(fd_, -1));
  }

 private:
  void ready(std::uint32_t) override {
    for (int i = 0; i < kAcceptsPerTurn && fd_ >= 0; ++i) {
      Endpoint peer;
      const int fd = ::accept4(fd_, peer.get(), peer.size(), SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0 && out_of_resources(errno)) return pause_accepting(errno);
      if (fd < 0 && would_block(errno)) return;
      if (fd >= 0) adopt(fd, peer.address());
    }
  }

  void adopt(int fd, const PeerAddress& peer) {
    std::unique_ptr<TcpStream> stream(new (lane_.slabs()) TcpStream(lane_, fd, peer));
    std::shared_ptr<ByteStreamHandler> handler = accept_(*stream);
    if (!handler) return;
    TcpStream& adopted = *stream;
    adopted.set_handler(std::move(handler));
    lane_.adopt(std::move(stream));
    adopted.start();
  }

  // The socket stays ready as long as a connection waits, so that going on would spin.
  void pause_accepting(int error) {
    if (watched_) lane_.unwatch(fd_, *this);
    watched_ = false;
    Scheduler& scheduler = lane_.scheduler();
    pause_timer_ = scheduler.call_at(scheduler.now() + pause_, [this] {
      pause_timer_.reset();
      start();
    });
    if (failed_) failed_(error);
  }

  TcpLane& lane_;
  const Duration pause_;
  const Accept accept_;
  const Failed failed_;
  int fd_ = -1;
  std::uint16_t port_ = 0;
  bool watched_ = false;
  std::optional<TimerHandle> pause_timer_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<TcpListener>> listen_on_lane(TcpLane& lane,
                                                            const TcpListenerOptions& options,
                                                            TcpListener::Accept accept,
                                                            TcpListener::Failed failed) {
  const auto endpoint = Endpoint::parse(options.address, options.port);
  if (!endpoint) {
    return absl::InvalidArgumentError(fmt::format("not an address: \"{}\"", options.address));
  }
  auto listener = std::make_unique<LaneListener>(lane, options.pause_after_failure,
                                                 std::move(accept), std::move(failed));
  const int error = listener->listen(*endpoint, options.backlog, options.shared);
  if (error != 0) {
    return absl::UnavailableError(fmt::format("cannot listen on {} port {}: {}", options.address,
                                              options.port,
                                              std::generic_category().message(error)));
  }
  return listener;
}

}  // namespace madang
