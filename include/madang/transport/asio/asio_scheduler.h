// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "madang/base/scheduler.h"

namespace asio {
class io_context;
}

namespace madang {

// Asio's event loop as a Scheduler, for hosts that have one already; AsioLanes makes its own.
//
// One thread at a time runs the context. Its clocks are the system's: CLOCK_MONOTONIC and UTC. A
// task must not throw.
class AsioScheduler final : public Scheduler {
 public:
  // `context` outlives the scheduler. Destroy the scheduler when the context runs no longer, or on
  // its thread; timers that are still set are then forgotten.
  explicit AsioScheduler(asio::io_context& context);
  ~AsioScheduler() override;

  void post(Task task) override;
  TimerHandle call_at(MonoTime time, Task task) override;
  void cancel(TimerHandle handle) override;
  bool runs_here() const override;
  MonoTime now() const override;
  WallTime wall_now() const override;

  asio::io_context& context() { return context_; }

 private:
  class Timers;

  asio::io_context& context_;
  const std::shared_ptr<Timers> timers_;
};

}  // namespace madang
