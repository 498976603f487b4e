// SPDX-License-Identifier: Apache-2.0
#include "madang/transport/uring/uring_lanes.h"

#include <latch>
#include <system_error>
#include <thread>
#include <utility>

#include "transport/tcp/lane_listener.h"
#include "transport/tcp/lane_threads.h"
#include "uring_lane.h"

namespace madang {

namespace {

// In a thread of its own, because of what a ring does to the one that made it.
absl::Status try_ring() {
  absl::Status status;
  std::thread([&status] { status = SendRing::create().status(); }).join();
  return status;
}

}  // namespace

absl::StatusOr<std::unique_ptr<UringLanes>> UringLanes::create(LanesOptions options) {
  const absl::Status permitted = try_ring();
  if (!permitted.ok()) return permitted;
  std::vector<std::unique_ptr<UringLane>> lanes;
  try {
    for (std::size_t i = 0; i < lane_count(options); ++i)
      lanes.push_back(std::make_unique<UringLane>());
  } catch (const std::system_error& error) {
    return absl::UnavailableError(error.what());
  }
  return std::unique_ptr<UringLanes>(new UringLanes(std::move(options), std::move(lanes)));
}

UringLanes::UringLanes(LanesOptions options, std::vector<std::unique_ptr<UringLane>> lanes)
    : options_(std::move(options)),
      lanes_(std::move(lanes)),
      threads_(std::make_unique<LaneThreads>()) {}

UringLanes::~UringLanes() {
  stop();
  join();
}

Scheduler& UringLanes::scheduler(std::size_t lane) { return lanes_[lane]->loop(); }

void UringLanes::start() {
  // Waits for the rings, so that what the lanes take of the system is taken when this returns.
  const auto entered = std::make_shared<std::latch>(static_cast<std::ptrdiff_t>(lanes_.size()));
  threads_->start(options_.thread_name, lanes_.size(), [this, entered](std::size_t lane) {
    lanes_[lane]->enter(options_.log);
    entered->count_down();
    lanes_[lane]->run(options_.log);
  });
  entered->wait();
}

void UringLanes::stop() {
  for (const auto& lane : lanes_)
    lane->loop().stop();
}

void UringLanes::join() { threads_->join(); }

absl::StatusOr<std::unique_ptr<TcpListener>> UringLanes::listen(std::size_t lane,
                                                                const TcpListenerOptions& options,
                                                                TcpListener::Accept accept,
                                                                TcpListener::Failed failed) {
  if (lane >= lanes_.size()) return absl::InvalidArgumentError("no such lane");
  return listen_on_lane(*lanes_[lane], options, std::move(accept), std::move(failed));
}

}  // namespace madang
