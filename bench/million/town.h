// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "progress.h"
#include "report.h"

namespace million {

struct TownOptions {
  std::string server_binary;
  std::vector<std::string> server_options;
  std::size_t connections = 1'000'000;
  std::size_t per_process_max = 0;  // 0: as many as the limit of open files allows
  double ramp_s = 0;                // above 0: everybody enters over this time, and is counted
};

// Starts the servers and the clients it takes, lets everybody in, publishes to all, and puts what
// it found into the report. Failure if the machine or a process gives up.
void run_town(const TownOptions& options, load::Report& report, load::Progress& progress);

}  // namespace million
