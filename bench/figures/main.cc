// SPDX-License-Identifier: Apache-2.0

// First figures over real sockets, printed and not judged: deliveries a second to clients of one
// room, and the memory of an idle connection. Server and clients are two processes of this machine.
//
//   bench_figures [clients in the room] [idle connections]
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "madang/doors/server.h"
#include "madang/engine.h"
#include "madang/protocol/centrifuge/json_session.h"
#include "madang/transport/asio/asio_lanes.h"
#include "madang/transport/websocket/frame.h"

namespace madang {
namespace {

constexpr int kWarmUpMessages = 200;
constexpr int kMessages = 2'000;

[[noreturn]] void fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

// --- The clients ---------------------------------------------------------------------------------

// Connections that have completed the handshake, connected and, if asked, subscribed.
class Clients {
 public:
  Clients(std::uint16_t port, std::size_t count, bool subscribe) : epoll_(epoll_create1(0)) {
    for (std::size_t i = 0; i < count; ++i)
      open(port, i, subscribe);
  }

  // Reads until `messages` publications have reached every client. Answers how many came in all.
  std::size_t read(std::size_t messages) {
    const std::size_t wanted = messages * sockets_.size();
    std::size_t seen = 0;
    std::array<epoll_event, 512> events;
    while (seen < wanted) {
      const int n = epoll_wait(epoll_, events.data(), events.size(), 10'000);
      if (n <= 0) fail("bench_figures: messages are missing");
      for (int i = 0; i < n; ++i) {
        const ssize_t size = ::recv(events[static_cast<std::size_t>(i)].data.fd, buffer_.data(),
                                    buffer_.size(), MSG_DONTWAIT);
        if (size <= 0) fail("bench_figures: a connection ended");
        seen += count_marks({buffer_.data(), static_cast<std::size_t>(size)});
      }
    }
    return seen;
  }

 private:
  // Every publication holds one byte that stands nowhere else in the stream, nor in a frame header.
  static std::size_t count_marks(std::string_view bytes) {
    return static_cast<std::size_t>(std::count(bytes.begin(), bytes.end(), '#'));
  }

  void open(std::uint16_t port, std::size_t index, bool subscribe) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) fail("bench_figures: socket");
    sockaddr_in address{};
    address.sin_family = AF_INET;
    // Many addresses of this machine, so that ports do not run out.
    address.sin_addr.s_addr = htonl(0x7f000001u + static_cast<std::uint32_t>(index / 10'000));
    if (::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) fail("bind");
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) fail("connect");
    send(fd,
         "GET /connection/websocket HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
         "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    wait_for(fd, "\r\n\r\n");
    send_message(fd, "{\"id\":1,\"connect\":{}}");
    wait_for(fd, "\"client\"");
    if (subscribe) {
      send_message(fd, "{\"id\":2,\"subscribe\":{\"channel\":\"room\"}}");
      wait_for(fd, "\"id\":2");
    }
    sockets_.push_back(fd);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
  }

  static void send(int fd, std::string_view bytes) {
    if (::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) != ssize_t(bytes.size())) fail("send");
  }
  static void send_message(int fd, std::string_view text) {
    std::string frame;
    websocket::FrameHeader header;
    header.mask = websocket::MaskKey{1, 2, 3, 4};
    websocket::append_frame(header, text, &frame);
    send(fd, frame);
  }
  static void wait_for(int fd, std::string_view text) {
    std::string seen;
    char bytes[1024];
    while (seen.find(text) == std::string::npos) {
      const ssize_t n = ::recv(fd, bytes, sizeof bytes, 0);
      if (n <= 0) fail("bench_figures: a connection ended early");
      seen.append(bytes, static_cast<std::size_t>(n));
    }
  }

  const int epoll_;
  std::vector<int> sockets_;
  std::vector<char> buffer_ = std::vector<char>(256 * 1024);
};

// --- The server ----------------------------------------------------------------------------------

struct Host {
  Host() {
    const auto yes = [](auto&, auto&, auto reply) { reply.accept(); };
    EngineOptions options;
    options.lanes = lanes.schedulers();
    options.handlers.connect = yes;
    options.handlers.join = yes;
    options.limits.ping_interval = std::chrono::hours(24);  // these clients send no pongs
    engine = Engine::create(std::move(options)).value();
    ServerOptions door;
    door.engine = engine.get();
    door.lanes = &lanes;
    door.limits.connections_per_address_max = door.limits.connections_max;
    door.protocols = {
        {.make = [](const http::Request&) { return centrifuge::make_json_session(); }}};
    server = Server::start(std::move(door)).value();
    lanes.start();
  }
  ~Host() {
    lanes.stop();
    lanes.join();
  }

  AsioLanes lanes{{.lanes = 1}};
  std::unique_ptr<Engine> engine;
  std::unique_ptr<Server> server;
};

long resident_bytes() {
  long pages = 0;
  if (FILE* file = std::fopen("/proc/self/statm", "r")) {
    if (std::fscanf(file, "%*s %ld", &pages) != 1) pages = 0;
    std::fclose(file);
  }
  return pages * sysconf(_SC_PAGESIZE);
}

// Runs `clients` in a process of its own, so that what is measured here is the server alone. The
// two take turns by a byte on a pipe.
class Child {
 public:
  template <typename Run>
  explicit Child(Run run) {
    if (::pipe(to_child_) != 0 || ::pipe(to_parent_) != 0) fail("pipe");
    pid_ = ::fork();
    if (pid_ < 0) fail("fork");
    if (pid_ == 0) {
      run(*this);
      std::_Exit(0);
    }
  }
  ~Child() { ::waitpid(pid_, nullptr, 0); }

  void tell_child() { put(to_child_[1]); }
  void tell_parent() { put(to_parent_[1]); }
  void await_parent() { get(to_child_[0]); }
  void await_child() { get(to_parent_[0]); }

  template <typename T>
  void send_to_child(T value) {
    if (::write(to_child_[1], &value, sizeof value) != sizeof value) fail("write");
  }
  template <typename T>
  T get_from_parent() {
    T value;
    if (::read(to_child_[0], &value, sizeof value) != sizeof value) std::_Exit(1);
    return value;
  }

 private:
  static void put(int fd) {
    if (::write(fd, "x", 1) != 1) fail("write");
  }
  static void get(int fd) {
    char byte;
    if (::read(fd, &byte, 1) != 1) {
      std::fprintf(stderr, "bench_figures: the other process is gone\n");
      std::_Exit(1);
    }
  }

  int to_child_[2];
  int to_parent_[2];
  pid_t pid_;
};

void measure_fan_out(std::size_t clients, std::size_t in_flight) {
  // The child is made first: a process with threads can not be forked safely.
  Child child([&](Child& parent) {
    Clients room(parent.get_from_parent<std::uint16_t>(), clients, true);
    parent.tell_parent();
    for (std::size_t sent = 0; sent < kWarmUpMessages + kMessages; sent += in_flight) {
      if (room.read(in_flight) != in_flight * clients) fail("bench_figures: too many messages");
      parent.tell_parent();
    }
    parent.await_parent();
  });
  Host host;
  child.send_to_child(host.server->port());
  child.await_child();
  const Payload text('"' + std::string(125, 'x') + "#\"");
  std::chrono::steady_clock::time_point begin;
  for (std::size_t sent = 0; sent < kWarmUpMessages + kMessages; sent += in_flight) {
    if (sent <= kWarmUpMessages) begin = std::chrono::steady_clock::now();
    for (std::size_t i = 0; i < in_flight; ++i)
      host.engine->publish("room", text);
    child.await_child();
  }
  const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - begin;
  std::printf("fan-out to %zu WebSocket clients, %zu in flight: %.0f deliveries/s\n", clients,
              in_flight, static_cast<double>(clients) * kMessages / passed.count());
  child.tell_child();
}

void measure_idle(std::size_t connections) {
  Child child([&](Child& parent) {
    Clients idle(parent.get_from_parent<std::uint16_t>(), connections, true);
    parent.tell_parent();
    parent.await_parent();
  });
  Host host;
  const long before = resident_bytes();
  child.send_to_child(host.server->port());
  child.await_child();
  const long after = resident_bytes();
  std::printf("%zu idle connections, each in one room: %.0f bytes each in user space\n",
              connections, double(after - before) / double(connections));
  child.tell_child();
}

}  // namespace
}  // namespace madang

int main(int argc, char** argv) {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  const std::size_t clients = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 1'000;
  std::size_t idle = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 20'000;
  if (idle + 100 > files.rlim_cur) {
    idle = files.rlim_cur - 100;
    std::printf("a process may hold only %llu files here, so %zu idle connections\n",
                static_cast<unsigned long long>(files.rlim_cur), idle);
  }
  std::fflush(stdout);
  madang::measure_fan_out(clients, 1);
  madang::measure_fan_out(clients, 16);
  std::fflush(stdout);
  madang::measure_idle(idle);
}
