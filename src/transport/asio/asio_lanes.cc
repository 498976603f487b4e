// SPDX-License-Identifier: Apache-2.0
#include "madang/transport/asio/asio_lanes.h"

#include <utility>

#include "asio_lane.h"
#include "transport/tcp/lane_listener.h"
#include "transport/tcp/lane_threads.h"

namespace madang {

AsioLanes::AsioLanes(LanesOptions options)
    : options_(std::move(options)), threads_(std::make_unique<LaneThreads>()) {
  for (std::size_t i = 0; i < lane_count(options_); ++i)
    lanes_.push_back(std::make_unique<AsioLane>());
}

AsioLanes::~AsioLanes() {
  stop();
  join();
}

Scheduler& AsioLanes::scheduler(std::size_t lane) { return lanes_[lane]->scheduler; }

void AsioLanes::start() {
  threads_->start(options_.thread_name, lanes_.size(), [this](std::size_t lane) {
    asio::io_context& context = lanes_[lane]->context;
    const auto work = asio::make_work_guard(context);
    while (!context.stopped())
      run_reporting(options_.log, [&] { context.run(); });
  });
}

void AsioLanes::stop() {
  for (const auto& lane : lanes_)
    lane->context.stop();
}

void AsioLanes::join() { threads_->join(); }

absl::StatusOr<std::unique_ptr<TcpListener>> AsioLanes::listen(std::size_t lane,
                                                               const TcpListenerOptions& options,
                                                               TcpListener::Accept accept,
                                                               TcpListener::Failed failed) {
  if (lane >= lanes_.size()) return absl::InvalidArgumentError("no such lane");
  return listen_on_lane(*lanes_[lane], options, std::move(accept), std::move(failed));
}

}  // namespace madang
