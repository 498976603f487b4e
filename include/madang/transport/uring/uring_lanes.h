// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "madang/transport/lanes.h"

namespace madang {

class LaneThreads;
class UringLane;

// Lanes on event loops of their own, which send what a turn has for many connections with one
// system call, through Linux's io_uring. Connections wait for their peers in epoll: a receive that
// waits in the ring was not measured to be faster, and may have taken bytes when reading is paused.
class UringLanes final : public Lanes {
 public:
  // Unavailable: the kernel is too old or does not permit it (EPERM, ENOSYS: seccomp, as in many
  // containers, or the sysctl kernel.io_uring_disabled), or has no memory or descriptor for it, and
  // which of these.
  static absl::StatusOr<std::unique_ptr<UringLanes>> create(LanesOptions options = {});
  ~UringLanes() override;
  UringLanes(const UringLanes&) = delete;
  UringLanes& operator=(const UringLanes&) = delete;

  // Lanes:
  const char* kind() const override { return "uring"; }
  std::size_t size() const override { return lanes_.size(); }
  Scheduler& scheduler(std::size_t lane) override;
  void start() override;
  void stop() override;
  void join() override;
  absl::StatusOr<std::unique_ptr<TcpListener>> listen(std::size_t lane,
                                                      const TcpListenerOptions& options,
                                                      TcpListener::Accept accept,
                                                      TcpListener::Failed failed) override;

 private:
  UringLanes(LanesOptions options, std::vector<std::unique_ptr<UringLane>> lanes);

  const LanesOptions options_;
  const std::vector<std::unique_ptr<UringLane>> lanes_;
  const std::unique_ptr<LaneThreads> threads_;
};

}  // namespace madang
