// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

#include "madang/base/scheduler.h"
#include "transport/tcp/tcp_lane.h"
#include "transport/tcp/timer_queue.h"

namespace madang {

// The tasks of an event loop and their times; whoever runs the loop waits for them:
//
//   for (loop.enter(); !loop.stopped();) {
//     /* wait for sockets and wake_fd(), no longer than */ loop.wait_ms();
//     loop.run_due();
//   }
//
// Its clocks are CLOCK_MONOTONIC and UTC. A time is kept to the millisecond.
class EventLoop final : public Scheduler, public Pollable {
 public:
  // Throws std::system_error if the system has no descriptor.
  EventLoop();
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // Told by epoll, edge-triggered, when the wait is to end; it is never read.
  int wake_fd() const { return wake_fd_; }
  void ready(std::uint32_t) override {}

  // The calling thread runs the loop from now on.
  void enter();
  // How long to wait for something to do: 0 if there is something, -1 if it may be for ever.
  int wait_ms();
  // Runs the tasks that are due by now, and no newer ones. If one throws, the others are left for
  // the next call.
  void run_due();

  // Has run_due() end after the task that it runs. Any thread.
  void stop();
  bool stopped() const { return stopped_.load(std::memory_order_acquire); }

  // Drops what has not run. When the loop runs no longer.
  void drop_tasks();

  // Scheduler:
  void post(Task task) override;
  TimerHandle call_at(MonoTime time, Task task) override;
  void cancel(TimerHandle handle) override;
  bool runs_here() const override;
  MonoTime now() const override;
  WallTime wall_now() const override;

 private:
  void wake();

  const int wake_fd_;
  std::atomic<bool> stopped_ = false;
  std::atomic<std::thread::id> thread_{};

  std::mutex mutex_;
  std::vector<Task> posted_;  // guarded by mutex_
  bool waits_ = false;        // likewise: the loop waits, or is about to
  bool closed_ = false;       // likewise: nothing runs any more

  // Of the loop's thread.
  std::vector<Task> tasks_;  // taken from posted_; those before next_task_ have run
  std::size_t next_task_ = 0;
  TimerQueue timers_;
};

}  // namespace madang
