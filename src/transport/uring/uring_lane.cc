// SPDX-License-Identifier: Apache-2.0
#include "uring_lane.h"

#include <cerrno>
#include <system_error>
#include <utility>

#include "transport/tcp/lane_threads.h"

namespace madang {

namespace {

// So few are sent one by one.
constexpr std::size_t kRingSendsMin = 3;

}  // namespace

UringLane::UringLane() : TcpLane(loop_) {
  if (!watch(loop_.wake_fd(), loop_, EPOLLIN | EPOLLET)) {
    throw std::system_error(errno, std::generic_category(), "epoll_ctl");
  }
}

UringLane::~UringLane() {
  drop_streams();
  loop_.drop_tasks();
  drop_streams();  // what the tasks let go
}

void UringLane::enter(LogSink* log) {
  loop_.enter();
  auto ring = SendRing::create();
  if (ring.ok()) {
    ring_ = *std::move(ring);
  } else if (log != nullptr) {
    log->write(LogLevel::kWarning, "io_uring_refused", std::string(ring.status().message()));
  }
}

void UringLane::run(LogSink* log) {
  while (!loop_.stopped()) {
    run_reporting(log, [this] {
      const int wait_ms = loop_.wait_ms();
      poll(turn_open() ? 0 : wait_ms);
    });
    run_reporting(log, [this] { loop_.run_due(); });
    run_reporting(log, [this] { end_turn(); });
  }
  ring_.reset();
}

void UringLane::send(std::span<Send> sends) {
  if (sends.size() < kRingSendsMin || ring_ == nullptr) return send_one_by_one(sends);
  ring_->send(sends);
  if (ring_->broken()) ring_.reset();  // what was not sent is as if the kernel had been full
}

}  // namespace madang
