// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "madang/base/log.h"
#include "madang/transport/lanes.h"

namespace madang {

// The threads of some lanes, named and with all signals blocked.
class LaneThreads {
 public:
  // Runs `run(lane)` for each of them, in a thread of its own.
  void start(const std::string& name, std::size_t lanes, std::function<void(std::size_t)> run);
  // Waits for them.
  void join();

 private:
  std::vector<std::thread> threads_;
};

// How many lanes `options` ask for.
std::size_t lane_count(const LanesOptions& options);

// Calls `work`, and reports what it throws to `log`, which may be null.
void run_reporting(LogSink* log, const std::function<void()>& work);

}  // namespace madang
