// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "madang/transport/lanes.h"

namespace madang {

class AsioLane;
class LaneThreads;

// Lanes on Asio's event loops, which run wherever Asio does.
class AsioLanes final : public Lanes {
 public:
  explicit AsioLanes(LanesOptions options = {});
  ~AsioLanes() override;
  AsioLanes(const AsioLanes&) = delete;
  AsioLanes& operator=(const AsioLanes&) = delete;

  // Lanes:
  const char* kind() const override { return "asio"; }
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
  const LanesOptions options_;
  std::vector<std::unique_ptr<AsioLane>> lanes_;
  const std::unique_ptr<LaneThreads> threads_;
};

}  // namespace madang
