// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace soak {

// How much a figure grows over a run. The first half of the samples is warming up and is not
// looked at. Through the second half goes a line with the median of the slopes between all pairs
// of samples (Theil and Sen), which up to 29 % of outliers do not move; what the line rises over
// that half is the growth. It is a drift if it is more than both `absolute` and `relative` times
// the median: the first so that noise of a small figure is none, the second so that a large one
// may breathe.
struct Tolerance {
  double absolute = 0;
  double relative = 0;
};

struct Drift {
  double median = 0;
  double growth = 0;  // of the line over the second half
  bool is_drift = false;
};

// Fewer than eight samples show nothing and are no drift.
Drift find_drift(const std::vector<double>& samples, const Tolerance& tolerance);

// A room's history, the buffers of slow readers and the allocator are full before the second half,
// so memory may grow by 1 MiB or 3 %, whatever is more. Files that belong to no connection of ours
// may grow by four. The 99th percentile of latency may rise by 5 ms or by its own size, because a
// machine shared with others does that by itself.
inline constexpr Tolerance kMemory{1024 * 1024, 0.03};
inline constexpr Tolerance kFiles{4, 0};
inline constexpr Tolerance kLatency_us{5'000, 1.0};

}  // namespace soak
