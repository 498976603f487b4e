// SPDX-License-Identifier: Apache-2.0
#include "madang/transport/asio/tcp_listener.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include "asio_lane.h"
#include "asio_types.h"
#include "tcp_stream.h"

namespace madang {

namespace {

// Connections accepted in one turn of the loop, so that a storm of them leaves others their turn.
constexpr int kAcceptsPerTurn = 16;

bool out_of_resources(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

// Without its port, and as IPv4 if it is such an address in the clothes of IPv6.
std::string address_text(const sockaddr_storage& storage) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (storage.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(storage);
    ::inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size());
  } else {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(storage);
    if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
      ::inet_ntop(AF_INET, &v6.sin6_addr.s6_addr[12], text.data(), text.size());
    } else {
      ::inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
    }
  }
  return text.data();
}

// The listening socket. Shared with the wait that is under way, which may outlive the listener.
class ListeningSocket : public std::enable_shared_from_this<ListeningSocket> {
 public:
  ListeningSocket(AsioLane& lane, Duration pause, TcpListener::Accept accept,
                  TcpListener::Failed failed)
      : lane_(lane),
        pause_(pause),
        accept_(std::move(accept)),
        failed_(std::move(failed)),
        acceptor_(lane.context) {}

  asio::error_code listen(const asio::ip::tcp::endpoint& endpoint, int backlog, bool shared) {
    const int share = shared ? 1 : 0;
    asio::error_code error;
    acceptor_.open(endpoint.protocol(), error);
    if (error) return error;
    ::setsockopt(acceptor_.native_handle(), SOL_SOCKET, SO_REUSEPORT, &share, sizeof(share));
    acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(backlog, error);
    if (!error) acceptor_.native_non_blocking(true, error);
    if (!error) port_ = acceptor_.local_endpoint(error).port();
    return error;
  }

  std::uint16_t port() const { return port_; }

  void wait() {
    acceptor_.async_wait(asio::socket_base::wait_read,
                         [self = shared_from_this()](const asio::error_code& error) {
                           if (!error && !self->closed_) self->accept_some();
                         });
  }

  void close() {
    if (closed_) return;
    closed_ = true;
    asio::error_code ignored;
    acceptor_.close(ignored);
  }

 private:
  void accept_some() {
    for (int i = 0; i < kAcceptsPerTurn && !closed_; ++i) {
      sockaddr_storage peer{};
      socklen_t size = sizeof(peer);
      const int fd = ::accept4(acceptor_.native_handle(), reinterpret_cast<sockaddr*>(&peer), &size,
                               SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0 && out_of_resources(errno)) return pause_accepting(errno);
      if (fd < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) break;
      if (fd >= 0) adopt(fd, peer);
    }
    if (!closed_) wait();
  }

  void adopt(int fd, const sockaddr_storage& peer) {
    const auto stream =
        std::make_shared<TcpStream>(lane_, fd, peer.ss_family == AF_INET6, address_text(peer));
    std::shared_ptr<ByteStreamHandler> handler = accept_(*stream);
    if (!handler) return;
    stream->set_handler(std::move(handler));
    stream->start();
  }

  // The socket stays ready as long as a connection waits, so that going on would spin.
  void pause_accepting(int error) {
    if (failed_) failed_(error);
    lane_.scheduler.call_at(lane_.scheduler.now() + pause_, [weak = weak_from_this()] {
      const auto self = weak.lock();
      if (self && !self->closed_) self->wait();
    });
  }

  AsioLane& lane_;
  const Duration pause_;
  const TcpListener::Accept accept_;
  const TcpListener::Failed failed_;
  AsioAcceptor acceptor_;
  std::uint16_t port_ = 0;
  bool closed_ = false;
};

class AsioTcpListener final : public TcpListener {
 public:
  explicit AsioTcpListener(std::shared_ptr<ListeningSocket> socket) : socket_(std::move(socket)) {}
  ~AsioTcpListener() override { socket_->close(); }

  std::uint16_t port() const override { return socket_->port(); }
  void start() override { socket_->wait(); }
  void close() override { socket_->close(); }

 private:
  const std::shared_ptr<ListeningSocket> socket_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<TcpListener>> TcpListener::listen(AsioLanes& lanes, std::size_t lane,
                                                                 const TcpListenerOptions& options,
                                                                 Accept accept, Failed failed) {
  asio::error_code error;
  const auto address = asio::ip::make_address(options.address, error);
  if (error || lane >= lanes.size()) {
    return absl::InvalidArgumentError(fmt::format("not an address: \"{}\"", options.address));
  }
  const auto socket = std::make_shared<ListeningSocket>(
      lanes.lane(lane), options.pause_after_failure, std::move(accept), std::move(failed));
  error = socket->listen({address, options.port}, options.backlog, options.shared);
  if (error) {
    return absl::UnavailableError(fmt::format("cannot listen on {} port {}: {}", options.address,
                                              options.port, error.message()));
  }
  return std::make_unique<AsioTcpListener>(socket);
}

}  // namespace madang
