// SPDX-License-Identifier: Apache-2.0
#include "madang/doors/run.h"

#include <algorithm>
#include <chrono>
#include <future>
#include <memory>
#include <utility>

#include "madang/transport/asio/signals.h"

namespace madang {

bool run_until_signal(Lanes& lanes, Engine& engine, Server& server, RunOptions options) {
  using Clock = std::chrono::steady_clock;
  StopSignals signals;
  lanes.start();
  signals.wait();

  const auto deadline = Clock::now() + options.deadline;
  // Owned by the tasks, because a lane that hangs may call back when the deadline is long over.
  std::promise<void> stop;
  std::promise<void> drain;
  const std::future<void> stopped = stop.get_future();
  const std::future<void> drained = drain.get_future();
  server.stop([stop = std::move(stop)]() mutable { stop.set_value(); });
  engine.drain(std::move(options.drain),
               [drain = std::move(drain)]() mutable { drain.set_value(); });
  const bool ended = stopped.wait_until(deadline) == std::future_status::ready &&
                     drained.wait_until(deadline) == std::future_status::ready;
  const Duration left = std::max<Duration>(Duration::zero(), deadline - Clock::now());
  const bool closed = server.wait_until_closed(left);
  lanes.stop();
  lanes.join();
  return ended && closed;
}

}  // namespace madang
