// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "progress.h"
#include "report.h"

namespace soak {

struct SoakOptions {
  std::string server_binary;
  std::vector<std::string> server_options;
  double duration_s = 60;
  double rate = 200;  // messages a second, over all rooms
  std::uint32_t rooms = 4;
  std::uint32_t members = 50;  // of each room, who stay and are measured
  std::uint32_t roaming = 40;  // and of all rooms together, who do not; see Habit
  std::uint32_t pausing = 10;
  std::uint32_t returning = 40;
  std::uint64_t seed = 1;
  std::uint32_t leaks_per_s = 0;  // connections nobody closes, to see that it is noticed
};

// Runs a server and a mixed load on it, and puts into the report what it found. What drifts by the
// rules of drift.h, and every message that is lost, fails it.
void run_soak(const SoakOptions& options, load::Report& report, load::Progress& progress);

}  // namespace soak
