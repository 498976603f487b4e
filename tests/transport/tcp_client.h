// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace madang {

// The other end of a loopback connection, as a test has it: calls wait, but no longer than ten
// seconds.
class TcpClient {
 public:
  // `receive_buffer_bytes` makes the kernel's buffer small, so that the peer's writes stop early.
  explicit TcpClient(std::uint16_t port, int receive_buffer_bytes = 0)
      : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    REQUIRE(fd_ >= 0);
    const timeval timeout{.tv_sec = 10, .tv_usec = 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
    ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
    if (receive_buffer_bytes > 0) {
      ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes, sizeof(int));
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);
  }
  TcpClient(TcpClient&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  TcpClient(const TcpClient&) = delete;
  TcpClient& operator=(const TcpClient&) = delete;
  ~TcpClient() { close(); }

  // False if the peer has gone.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  // At least one byte; empty at the end of the stream, or after a reset.
  std::string receive_some(std::size_t bytes_max = 64 * 1024) {
    std::string bytes(bytes_max, '\0');
    const ssize_t size = ::recv(fd_, bytes.data(), bytes.size(), 0);
    timed_out_ = size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
    reset_ = size < 0 && errno == ECONNRESET;
    bytes.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    return bytes;
  }

  // Until the stream ends, or there are `bytes_max`.
  std::string receive_all(std::size_t bytes_max = std::string::npos) {
    std::string all;
    while (all.size() < bytes_max) {
      const std::string some = receive_some(std::min<std::size_t>(bytes_max - all.size(), 65536));
      if (some.empty()) break;
      all += some;
    }
    return all;
  }

  // Whether there is something to receive, or the end, before `timeout` is over.
  bool readable_within(std::chrono::milliseconds timeout) {
    pollfd ready{.fd = fd_, .events = POLLIN, .revents = 0};
    return ::poll(&ready, 1, static_cast<int>(timeout.count())) == 1;
  }

  // Whether the stream ends here, by its end or by a reset.
  bool at_end() { return receive_some(1).empty() && !timed_out_; }
  bool was_reset() const { return reset_; }

  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

  // Goes without a goodbye: the peer sees a reset.
  void reset() {
    const linger no_goodbye{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &no_goodbye, sizeof(no_goodbye));
    close();
  }

 private:
  int fd_;
  bool timed_out_ = false;
  bool reset_ = false;
};

}  // namespace madang
