// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include "madang/base/scheduler.h"

namespace madang::testing {

// A lane with a thread of its own and nothing else: real concurrency without a socket.
class ThreadScheduler : public Scheduler {
 public:
  ThreadScheduler() : thread_([this] { loop(); }) {}
  ~ThreadScheduler() override { stop(); }

  // Ends the thread after what is ready. Tasks posted later never run.
  void stop() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_one();
    if (thread_.joinable()) thread_.join();
  }

  void post(Task task) override {
    {
      const std::lock_guard lock(mutex_);
      tasks_.push_back(std::move(task));
    }
    changed_.notify_one();
  }
  TimerHandle call_at(MonoTime time, Task task) override {
    const std::lock_guard lock(mutex_);
    const TimerHandle handle{++last_id_};
    timers_.emplace(std::pair(time, handle.id), std::move(task));
    times_[handle.id] = time;
    return handle;
  }
  void cancel(TimerHandle handle) override {
    const std::lock_guard lock(mutex_);
    const auto found = times_.find(handle.id);
    if (found == times_.end()) return;
    timers_.erase({found->second, handle.id});
    times_.erase(found);
  }
  bool runs_here() const override { return std::this_thread::get_id() == thread_.get_id(); }
  MonoTime now() const override {
    return MonoTime(std::chrono::steady_clock::now().time_since_epoch());
  }
  WallTime wall_now() const override {
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  }

 private:
  void loop() {
    std::unique_lock lock(mutex_);
    for (;;) {
      while (!timers_.empty() && timers_.begin()->first.first <= now()) {
        times_.erase(timers_.begin()->first.second);
        tasks_.push_back(std::move(timers_.extract(timers_.begin()).mapped()));
      }
      if (tasks_.empty()) {
        if (stopping_) return;
        if (timers_.empty()) {
          changed_.wait(lock);
        } else {
          changed_.wait_for(lock, timers_.begin()->first.first - now());
        }
        continue;
      }
      Task task = std::move(tasks_.front());
      tasks_.pop_front();
      lock.unlock();
      task();
      task = nullptr;
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Task> tasks_;
  std::map<std::pair<MonoTime, std::uint64_t>, Task> timers_;
  std::map<std::uint64_t, MonoTime> times_;
  std::uint64_t last_id_ = 0;
  bool stopping_ = false;
  std::thread thread_;  // last, because it uses the others
};

}  // namespace madang::testing
