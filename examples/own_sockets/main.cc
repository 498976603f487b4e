// SPDX-License-Identifier: Apache-2.0

// A chat for telnet: the accept loop, the sockets and the protocol are the host's own, and madang
// is the rooms between them. No transport of madang is linked.
//
//   own_sockets [port]      then, in two terminals:  nc localhost 7000
//                                                    join lobby
//                                                    say lobby Hello!
#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstdio>
#include <cstdlib>
#include <memory>

#include "event_loop.h"
#include "line_client.h"

namespace {

constexpr std::size_t kLineBytesMax = 1024;
constexpr std::size_t kClientsMax = 1000;

struct Client {
  int fd = -1;
  std::shared_ptr<LineTransport> transport;
  madang::Connection* connection = nullptr;
  std::string unread;  // a line whose end has not come
};

int listen_on(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int yes = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  if (::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(fd, 128) != 0) {
    std::perror("own_sockets: can not listen");
    std::exit(1);
  }
  socklen_t size = sizeof address;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  std::printf("listening on 127.0.0.1:%d\n", ntohs(address.sin_port));
  std::fflush(stdout);
  return fd;
}

// Reads once and hands whole lines in. False when the client is gone or makes no sense.
bool read_lines(Client& client) {
  char buffer[4096];
  const ssize_t n = ::recv(client.fd, buffer, sizeof buffer, MSG_DONTWAIT);
  if (n <= 0) return n < 0 && errno == EAGAIN;
  client.unread.append(buffer, static_cast<std::size_t>(n));
  std::size_t begin = 0;
  for (auto end = client.unread.find('\n'); end != std::string::npos && !client.transport->closed();
       end = client.unread.find('\n', begin)) {
    std::string_view line = std::string_view(client.unread).substr(begin, end - begin);
    if (line.ends_with('\r')) line.remove_suffix(1);
    client.connection->received(line, madang::MessageKind::kText);
    begin = end + 1;
  }
  client.unread.erase(0, begin);
  return client.unread.size() <= kLineBytesMax;
}

}  // namespace

int main(int argc, char** argv) {
  EventLoop loop;
  LineFormat format;

  madang::EngineOptions options;
  options.lanes = {&loop};
  const auto yes = [](auto&, auto&, auto reply) { reply.accept(); };
  options.handlers.connect = yes;
  options.handlers.join = yes;
  options.handlers.publish = yes;
  options.handlers.room_options = [](std::string_view) {
    madang::RoomOptions room;
    room.payload_kind = madang::PayloadKind::kBytes;  // lines, not JSON
    return room;
  };
  // These clients send no pongs.
  options.limits.ping_interval = std::chrono::hours(24 * 365);
  const auto engine = madang::Engine::create(std::move(options)).value();

  const int listener = listen_on(static_cast<std::uint16_t>(argc > 1 ? std::atoi(argv[1]) : 7000));
  std::vector<Client> clients;
  for (;;) {
    const int sleep_ms = loop.run_due_ms();
    std::erase_if(clients, [](const Client& client) { return client.transport->closed(); });

    std::vector<pollfd> polls{{listener, POLLIN, 0}};
    for (const Client& client : clients) {
      const int events = (client.transport->reading() ? POLLIN : 0) |
                         (client.transport->has_waiting() ? POLLOUT : 0);
      polls.push_back({client.fd, static_cast<short>(events), 0});
    }
    if (::poll(polls.data(), polls.size(), sleep_ms) < 0 && errno != EINTR) return 1;

    for (std::size_t i = 0; i < clients.size(); ++i) {
      Client& client = clients[i];
      const short events = polls[i + 1].revents;
      if ((events & POLLOUT) != 0) {
        const std::size_t sent = client.transport->send_waiting();
        client.connection->written(sent, !client.transport->has_waiting());
      }
      if ((events & (POLLIN | POLLHUP | POLLERR)) != 0 && !read_lines(client)) {
        client.connection->closed(madang::kClosed);
        client.transport->close(madang::kClosed);
      }
    }
    if ((polls[0].revents & POLLIN) != 0 && clients.size() < kClientsMax) {
      const int fd = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) continue;
      auto transport = std::make_shared<LineTransport>(fd);
      auto* connection =
          engine->attach(0, transport, std::make_unique<LineProtocol>(format), format, nullptr);
      if (connection != nullptr) clients.push_back({fd, transport, connection, {}});
    }
  }
}
