// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>

#include "madang/base/time.h"

namespace madang::postgres {

// What this process may count on of the writer's lease. The server counts the whole of it from when
// it hears of it; here it counts from before that was sent, and a tenth less, because clocks do not
// run alike. Any thread.
class Lease {
 public:
  // 0: there is none.
  explicit Lease(Duration length) : length_(length) {}

  Duration length() const { return length_; }
  // Whether there is one to renew.
  bool wanted() const { return length_ > Duration(0) && !ended_; }

  // The server has taken down what was sent to it at `sent`.
  void taken(MonoTime sent);
  // Nobody may count on it any more, whatever an answer that is still on its way says.
  void end();
  Duration left(MonoTime now) const;

 private:
  const Duration length_;
  std::atomic<MonoTime> until_{MonoTime::min()};
  std::atomic<bool> ended_{false};
};

}  // namespace madang::postgres
