// SPDX-License-Identifier: Apache-2.0

// As many messages out as --in-flight says, always: whenever some are complete, that is, with every
// member of their room, as many new ones leave. So nobody is measured by a backlog that it drops.
#include <fmt/format.h>

#include <algorithm>

#include "clock.h"
#include "crowd.h"
#include "run.h"

namespace load {
namespace {

// Once all that may be published is out, a turn of the loop only looks at the clock.
constexpr std::int64_t kTurn_ns = 100 * kMillisecond_ns;
// Above this a room waits for its members, so that memory is bounded in runs of many rooms.
constexpr std::size_t kWindowMax = 65'536;

}  // namespace

void run_fanout(Run& run) {
  const Options& options = run.options;
  const std::size_t share = options.in_flight / options.rooms * 4 + 64;
  Crowd crowd(
      run, std::clamp<std::size_t>(share, options.rooms > 1 ? 1 : options.in_flight, kWindowMax));
  crowd.connect();
  run.report.figures().add("in_flight", options.in_flight);
  crowd.run_traffic([&](Window& window) {
    const Ledger& ledger = crowd.ledger();
    const std::uint64_t left =
        window.messages_max() - std::min(window.messages_max(), ledger.published());
    const std::uint64_t missing =
        options.in_flight - std::min<std::uint64_t>(options.in_flight, ledger.outstanding());
    const std::int64_t now = now_ns();
    crowd.publish(std::min(missing, left), [now](std::size_t) { return now; });
    return kTurn_ns;
  });
}

}  // namespace load
