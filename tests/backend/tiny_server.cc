// SPDX-License-Identifier: Apache-2.0
#include "backend/tiny_server.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <optional>
#include <utility>

namespace madang::testing {
namespace {

// Reads until `bytes` has so many; false when the peer is gone.
bool read_to(int socket, std::string& bytes, std::size_t size) {
  char buffer[4096];
  while (bytes.size() < size) {
    const auto got = ::recv(socket, buffer, sizeof(buffer), 0);
    if (got <= 0) return false;
    bytes.append(buffer, static_cast<std::size_t>(got));
  }
  return true;
}

std::size_t content_length(const std::string& head) {
  const auto found = head.find("Content-Length: ");
  return found == std::string::npos ? 0 : std::stoul(head.substr(found + 16));
}

// Takes one request off the front of what came.
std::optional<TinyRequest> read_request(int socket, std::string& bytes) {
  std::size_t end = std::string::npos;
  while ((end = bytes.find("\r\n\r\n")) == std::string::npos) {
    if (!read_to(socket, bytes, bytes.size() + 1)) return std::nullopt;
  }
  TinyRequest request;
  request.head = bytes.substr(0, end + 4);
  bytes.erase(0, end + 4);
  const auto length = content_length(request.head);
  if (!read_to(socket, bytes, length)) return std::nullopt;
  request.body = bytes.substr(0, length);
  bytes.erase(0, length);
  const auto space = request.head.find(' ');
  request.path = request.head.substr(space + 1, request.head.find(' ', space + 1) - space - 1);
  return request;
}

bool send_all(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

}  // namespace

TinyAnswer http_answer(std::string_view body, int status, std::string_view headers) {
  return {fmt::format("HTTP/1.1 {} Whatever\r\nContent-Length: {}\r\n{}\r\n{}", status, body.size(),
                      headers, body)};
}

TinyServer::TinyServer(Respond respond) : respond_(std::move(respond)) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  REQUIRE(::bind(listener_, generic, size) == 0);
  REQUIRE(::listen(listener_, 128) == 0);
  REQUIRE(::getsockname(listener_, generic, &size) == 0);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept(); });
}

TinyServer::~TinyServer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    ::shutdown(listener_, SHUT_RDWR);
    for (const int socket : sockets_)
      ::shutdown(socket, SHUT_RDWR);
  }
  acceptor_.join();
  for (std::thread& thread : threads_)
    thread.join();
  for (const int socket : sockets_)
    ::close(socket);
  ::close(listener_);
}

std::string TinyServer::url(std::string_view path) const {
  return fmt::format("http://127.0.0.1:{}{}", port_, path);
}

std::vector<TinyRequest> TinyServer::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

void TinyServer::accept() {
  for (;;) {
    const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) return;
    const std::lock_guard lock(mutex_);
    sockets_.push_back(socket);
    if (stopping_) return;
    threads_.emplace_back([this, socket, connection = sockets_.size()] {
      serve(socket, connection);
      ::shutdown(socket, SHUT_RDWR);
    });
  }
}

void TinyServer::serve(int socket, std::size_t connection) {
  std::string bytes;
  while (auto request = read_request(socket, bytes)) {
    request->connection = connection;
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(*request);
    }
    const TinyAnswer answer = respond_(*request);
    if (!send_all(socket, answer.bytes) || answer.then == TinyAnswer::Then::kClose) return;
    if (answer.then == TinyAnswer::Then::kHang) {
      read_to(socket, bytes, SIZE_MAX);
      return;
    }
  }
}

}  // namespace madang::testing
