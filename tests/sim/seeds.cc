// SPDX-License-Identifier: Apache-2.0
#include "sim/seeds.h"

#include <cstdio>

#include "sim/world.h"

namespace madang::sim {
namespace {

constexpr std::uint64_t kTwiceEvery = 10;

}  // namespace

std::optional<std::uint64_t> first_failing_seed(const SeedRange& range, bool prints_failure) {
  for (auto seed = range.first; seed < range.first + range.count; ++seed) {
    Outcome outcome = World(seed, false).run();
    if (outcome.failure.empty() && seed % kTwiceEvery == 0 &&
        World(seed, false).run().trace_hash != outcome.trace_hash) {
      outcome.failure = "two runs give two traces";
    }
    if (outcome.failure.empty()) continue;
    if (prints_failure) {
      std::printf("seed %llu fails at step %zu: %s\nagain: sim --seed %llu\n",
                  static_cast<unsigned long long>(seed), outcome.step, outcome.failure.c_str(),
                  static_cast<unsigned long long>(seed));
    }
    return seed;
  }
  return std::nullopt;
}

}  // namespace madang::sim
