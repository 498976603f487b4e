// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

namespace madang::sim {

struct SeedRange {
  std::uint64_t first = 1;
  std::uint64_t count = 200;
};

// Runs the seeds of `range` until one fails; answers that one, having printed how it failed and how
// to run it again. Some are run twice and must give the same trace.
std::optional<std::uint64_t> first_failing_seed(const SeedRange& range, bool prints_failure);

}  // namespace madang::sim
