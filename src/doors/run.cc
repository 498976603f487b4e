// SPDX-License-Identifier: Apache-2.0
#include "madang/doors/run.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "madang/transport/asio/signals.h"

namespace madang {

bool run_until_signal(AsioLanes& lanes, Engine& engine, Server& server, RunOptions options) {
  // Shared, because a lane that hangs may call back when the deadline is long over.
  const auto stopped = std::make_shared<absl::Notification>();
  const auto drained = std::make_shared<absl::Notification>();
  lanes.start();
  wait_for_stop_signal();

  const absl::Time deadline = absl::Now() + absl::FromChrono(options.deadline);
  server.stop([stopped] { stopped->Notify(); });
  engine.drain(std::move(options.drain), [drained] { drained->Notify(); });
  const auto left = [deadline] { return std::max(absl::ZeroDuration(), deadline - absl::Now()); };
  const bool in_time = stopped->WaitForNotificationWithTimeout(left()) &&
                       drained->WaitForNotificationWithTimeout(left()) &&
                       server.wait_until_closed(absl::ToChronoNanoseconds(left()));
  lanes.stop();
  lanes.join();
  return in_time;
}

}  // namespace madang
