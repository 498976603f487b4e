// SPDX-License-Identifier: Apache-2.0
#include "madang/doors/make_lanes.h"

#include <doctest/doctest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <functional>
#include <thread>

#include "server_fixture.h"

namespace madang {

namespace {

// Runs `work` in a thread that may not have io_uring, nor may those that it starts: as in a
// container.
void without_io_uring(const std::function<void()>& work) {
  std::thread([&] {
    std::array<sock_filter, 4> filter = {{
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_io_uring_setup, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    }};
    const sock_fprog program{.len = filter.size(), .filter = filter.data()};
    REQUIRE(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    REQUIRE(::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
    work();
  }).join();
}

}  // namespace

TEST_CASE("lanes: auto takes io_uring where it is permitted") {
  const auto best = make_lanes(LanesKind::kAuto, {.lanes = 1});
  const auto uring = make_lanes(LanesKind::kUring, {.lanes = 1});
  const auto asio = make_lanes(LanesKind::kAsio, {.lanes = 3});
  REQUIRE(best.ok());
  REQUIRE(asio.ok());
  CHECK((*asio)->kind() == std::string_view("asio"));
  CHECK((*asio)->size() == 3);
  CHECK((*best)->kind() == std::string_view(uring.ok() ? "uring" : "asio"));
}

TEST_CASE("lanes: where io_uring is refused auto takes Asio, and who insists learns why") {
  absl::StatusOr<std::unique_ptr<Lanes>> best;
  absl::StatusOr<std::unique_ptr<Lanes>> uring;
  without_io_uring([&] {
    best = make_lanes(LanesKind::kAuto, {.lanes = 1});
    uring = make_lanes(LanesKind::kUring, {.lanes = 1});
  });
  REQUIRE(best.ok());
  CHECK((*best)->kind() == std::string_view("asio"));
  CHECK(uring.status().code() == absl::StatusCode::kUnavailable);
  CHECK_FALSE(uring.status().message().empty());
}

TEST_CASE("lanes: those of io_uring that get no ring in the end serve without one") {
  auto made = make_lanes(LanesKind::kUring, {.lanes = 1});
  if (!made.ok()) {
    MESSAGE("not on io_uring: ", made.status().ToString());
    return;
  }
  Lanes& lanes = **made;
  EchoEngine engine(lanes);
  auto server = Server::start(
      {.engine = &engine, .lanes = &lanes, .protocols = {{.make = [](const http::Request&) {
                                             return std::make_unique<NullProtocol>();
                                           }}}});
  REQUIRE(server.ok());
  without_io_uring([&] { lanes.start(); });
  std::vector<TcpClient> clients;
  for (int i = 0; i < 20; ++i) {
    clients.emplace_back((*server)->port()).send(upgrade_request() + text_frame("there"));
  }
  for (TcpClient& client : clients) {
    CHECK(receive_head(client).starts_with("HTTP/1.1 101 "));
    CHECK(receive_frame(client).payload == "hello");
    CHECK(receive_frame(client).payload == "there");
  }
  lanes.stop();
  lanes.join();
}

}  // namespace madang
