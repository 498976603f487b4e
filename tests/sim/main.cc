// SPDX-License-Identifier: Apache-2.0

// The seeded simulation. Without arguments it runs the first 200 seeds; with
//
//   --seeds N   the first N
//   --first N   from N on
//   --seed N    this one alone, printing all that happens

#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "sim/seeds.h"
#include "sim/world.h"

namespace {

int replay(std::uint64_t seed) {
  const auto outcome = madang::sim::World(seed, true).run();
  std::printf("seed %llu, trace %016llx: %s\n", static_cast<unsigned long long>(seed),
              static_cast<unsigned long long>(outcome.trace_hash),
              outcome.failure.empty() ? "all as promised" : outcome.failure.c_str());
  return outcome.failure.empty() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  madang::sim::SeedRange range;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view flag = argv[i];
    const auto value = std::strtoull(argv[i + 1], nullptr, 10);
    if (flag == "--seed") return replay(value);
    if (flag == "--seeds") range.count = value;
    if (flag == "--first") range.first = value;
  }
  if (madang::sim::first_failing_seed(range, true)) return 1;
  std::printf("%llu seeds, all as promised\n", static_cast<unsigned long long>(range.count));
  return 0;
}
