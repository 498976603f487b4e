// SPDX-License-Identifier: Apache-2.0
#include "madang/doors/run.h"

#include <algorithm>
#include <chrono>
#include <future>
#include <memory>
#include <utility>
#include <vector>

#include "madang/transport/asio/signals.h"

namespace madang {

bool run_until_signal(Lanes& lanes, Engine& engine, Server& server, RunOptions options) {
  Server* const one[] = {&server};
  return run_until_signal(lanes, engine, one, std::move(options));
}

bool run_until_signal(Lanes& lanes, Engine& engine, std::span<Server* const> servers,
                      RunOptions options) {
  using Clock = std::chrono::steady_clock;
  StopSignals signals;
  lanes.start();
  signals.wait();

  const auto deadline = Clock::now() + options.deadline;
  // Owned by the tasks, because a lane that hangs may call back when the deadline is long over.
  std::vector<std::future<void>> ends;
  const auto one_more = [&ends] {
    std::promise<void> end;
    ends.push_back(end.get_future());
    return [end = std::move(end)]() mutable { end.set_value(); };
  };
  for (Server* const server : servers)
    server->stop(one_more());
  engine.drain(std::move(options.drain), one_more());
  bool ended = true;
  for (const std::future<void>& end : ends)
    ended = end.wait_until(deadline) == std::future_status::ready && ended;
  for (Server* const server : servers) {
    const Duration left = std::max<Duration>(Duration::zero(), deadline - Clock::now());
    ended = server->wait_until_closed(left) && ended;
  }
  lanes.stop();
  lanes.join();
  return ended;
}

}  // namespace madang
