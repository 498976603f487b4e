// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <poll.h>

#include <chrono>
#include <deque>
#include <map>
#include <utility>
#include <vector>

#include "madang/base/scheduler.h"

// The host's own event loop, here one thread around poll(2), and how madang runs on it: a Scheduler
// is a queue of tasks, a table of timers, and the time.
class EventLoop : public madang::Scheduler {
 public:
  // Runs tasks and timers until nothing is due, and answers how long poll() may sleep.
  int run_due_ms() {
    for (;;) {
      while (!timers_.empty() && timers_.begin()->first.first <= now()) {
        tasks_.push_back(std::move(timers_.begin()->second));
        timers_.erase(timers_.begin());
      }
      if (tasks_.empty()) break;
      for (auto ready = std::exchange(tasks_, {}); auto& task : ready)
        task();
    }
    if (timers_.empty()) return -1;
    const auto left = timers_.begin()->first.first - now();
    return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(left).count());
  }

  // This loop has one thread, and the engine is only called from it. A host that publishes from
  // others guards the queue, and wakes poll() with an eventfd.
  void post(madang::Task task) override { tasks_.push_back(std::move(task)); }

  madang::TimerHandle call_at(madang::MonoTime time, madang::Task task) override {
    const madang::TimerHandle handle{++last_timer_};
    times_[handle.id] = time;
    timers_.emplace(std::pair(time, handle.id), [this, handle, task = std::move(task)]() mutable {
      times_.erase(handle.id);
      task();
    });
    return handle;
  }
  void cancel(madang::TimerHandle handle) override {
    const auto found = times_.find(handle.id);
    if (found == times_.end()) return;
    timers_.erase({found->second, handle.id});
    times_.erase(found);
  }
  bool runs_here() const override { return true; }
  madang::MonoTime now() const override {
    return madang::MonoTime(std::chrono::steady_clock::now().time_since_epoch());
  }
  madang::WallTime wall_now() const override {
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  }

 private:
  std::deque<madang::Task> tasks_;
  std::map<std::pair<madang::MonoTime, std::uint64_t>, madang::Task> timers_;
  std::map<std::uint64_t, madang::MonoTime> times_;
  std::uint64_t last_timer_ = 0;
};
