// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "absl/functional/any_invocable.h"
#include "madang/base/time.h"

namespace madang {

using Task = absl::AnyInvocable<void()>;

// Names a call made with Scheduler::call_at. A default one names nothing.
struct TimerHandle {
  std::uint64_t id = 0;
};

// The event loop of one lane, as the engine sees it. The host supplies one a lane: AsioScheduler
// for real, ManualScheduler (madang/testing) for tests on virtual time.
//
// All tasks of one Scheduler run one after the other, in one thread at a time.
class Scheduler {
 public:
  virtual ~Scheduler() = default;

  // Runs `task` once, later, after what was posted before. Never runs it before returning.
  // Any thread.
  virtual void post(Task task) = 0;

  // Runs `task` once at `time` or soon after it. Only from within a task of this scheduler, or
  // before its loop starts.
  virtual TimerHandle call_at(MonoTime time, Task task) = 0;

  // Forgets a call that has not run yet; one that has run, or a default handle, is ignored. From
  // where call_at may be called.
  virtual void cancel(TimerHandle handle) = 0;

  // Whether the calling thread is the one that runs this scheduler's tasks.
  virtual bool runs_here() const = 0;

  // The time. Any thread; must be cheap (it is asked once a publish).
  virtual MonoTime now() const = 0;
  virtual WallTime wall_now() const = 0;
};

}  // namespace madang
