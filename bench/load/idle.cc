// SPDX-License-Identifier: Apache-2.0

// Members who connect, enter their room and say nothing.
#include <fmt/format.h>

#include "clock.h"
#include "crowd.h"
#include "run.h"

namespace load {

void run_idle(Run& run) {
  Crowd crowd(run, 1);
  crowd.connect();
  const CpuSample before = run.machine.read_cpu();
  const std::int64_t begin = now_ns();
  const auto duration_ns = static_cast<std::int64_t>(run.options.duration_s * 1e9);
  run.progress.start("idle");
  for (std::int64_t now = begin; now < begin + duration_ns; now = now_ns()) {
    run.progress.show(double(now - begin) / double(duration_ns));
    crowd.pool().poll(std::min(begin + duration_ns - now, 100 * kMillisecond_ns));
  }
  run.progress.clear();
  report_cpu(run, run.machine.read_cpu() - before, crowd.pool().size(), "connection");
}

}  // namespace load
