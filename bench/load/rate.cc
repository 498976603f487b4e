// SPDX-License-Identifier: Apache-2.0

// So many messages a second, whatever comes back. Latency counts from when a message should have
// been published, so that neither a server nor a generator that falls behind looks good by it.
#include <fmt/format.h>

#include <algorithm>

#include "clock.h"
#include "crowd.h"
#include "failure.h"
#include "run.h"

namespace load {
namespace {

// What may be out in all rooms together. A server that is further back will not catch up.
constexpr std::size_t kOutMax = 1 << 20;
constexpr std::size_t kOutInRoomMin = 1024;
// Of one turn, so that reading gets its turn too.
constexpr std::size_t kAtOnceMax = 4096;

}  // namespace

void run_rate(Run& run) {
  const Options& options = run.options;
  const std::size_t window =
      std::clamp(kOutMax / options.rooms, kOutInRoomMin, std::size_t{65'536});
  Crowd crowd(run, window);
  crowd.connect();
  const double interval_ns = 1e9 / options.rate;
  const std::int64_t start = now_ns();
  const auto due_at = [&](std::uint64_t message) {
    return start + static_cast<std::int64_t>(double(message) * interval_ns);
  };
  std::int64_t lag_ns = 0;
  crowd.run_traffic([&](Window& measured) {
    const std::uint64_t published = crowd.ledger().published();
    const std::int64_t now = now_ns();
    const std::uint64_t due = std::min(
        static_cast<std::uint64_t>(double(now - start) / interval_ns) + 1, measured.messages_max());
    if (due > published) {
      const std::size_t count = std::min<std::size_t>(due - published, kAtOnceMax);
      if (measured.is_measuring()) lag_ns = std::max(lag_ns, now - due_at(published));
      const std::size_t done =
          crowd.publish(count, [&](std::size_t i) { return due_at(published + i); });
      if (done < count) {
        throw Failure(fmt::format("the server is {} messages behind, and falls back further",
                                  crowd.ledger().outstanding()));
      }
    }
    const std::int64_t next = due_at(crowd.ledger().published()) - now_ns();
    return std::clamp<std::int64_t>(next, 0, 100 * kMillisecond_ns);
  });
  run.report.figures().add("rate", options.rate);
  run.report.figures().add("generator_lag_max_us", double(lag_ns) / 1e3);
}

}  // namespace load
