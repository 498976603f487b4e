// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "madang/base/scheduler.h"

namespace madang {

class ManualScheduler;

// The time of a test: it stands still until the test moves it. Any number of ManualSchedulers live
// by one clock. One thread uses the clock and all its schedulers; the clock outlives them.
class ManualClock {
 public:
  MonoTime now() const { return now_; }

  // 2024-01-01 and as long as now() has run, plus what the wall clock was moved by.
  WallTime wall_now() const {
    return wall_zero_ +
           std::chrono::duration_cast<std::chrono::milliseconds>(now_.time_since_epoch());
  }

  // Puts the wall clock forward, or back, as an operator might; now() does not notice.
  void jump_wall(std::chrono::milliseconds by) { wall_zero_ += by; }

  // Moves the time and runs nothing: what became due is late. `duration` is not negative.
  void skip(Duration duration) {
    assert(duration >= Duration::zero());
    now_ += duration;
  }

  // Moves the time by `duration`, stopping at each timer on the way, and runs at each stop all that
  // is ready: timers of all schedulers in the order of their times, as in run_ready().
  inline void advance(Duration duration);

  // Runs what is ready on any scheduler, one task of each in turn, until nothing is; answers how
  // many tasks that were. The time stands still. More than `tasks_max` tasks are taken for an
  // endless loop, which ends the program.
  inline std::size_t run_ready(std::size_t tasks_max = 10'000'000);

  // When the next timer of any scheduler is due; nothing if none is set.
  inline std::optional<MonoTime> next_timer() const;

 private:
  friend class ManualScheduler;

  MonoTime now_{};
  WallTime wall_zero_{std::chrono::sys_days(std::chrono::year(2024) / 1 / 1)};
  std::vector<ManualScheduler*> schedulers_;
  const ManualScheduler* running_ = nullptr;
};

// A Scheduler that runs a task when the test says so, on virtual time: the same calls give the same
// order, always. Destroyed, it drops what has not run.
class ManualScheduler : public Scheduler {
 public:
  explicit ManualScheduler(ManualClock& clock) : clock_(clock) {
    clock_.schedulers_.push_back(this);
  }
  ManualScheduler(const ManualScheduler&) = delete;
  ManualScheduler& operator=(const ManualScheduler&) = delete;

  ~ManualScheduler() override {
    std::erase(clock_.schedulers_, this);
    stopped_ = true;  // a task may post as it is destroyed
    ready_.clear();
    timers_.clear();
  }

  // --- For the test --------------------------------------------------------------------------
  // Whether run_one() has something to run at this time.
  bool has_ready() const {
    return !ready_.empty() || (!timers_.empty() && timers_.begin()->first.first <= clock_.now());
  }

  // Runs the oldest ready task and answers true, or false if there is none. A timer is ready from
  // its time on, after what was ready before.
  bool run_one() {
    while (!timers_.empty() && timers_.begin()->first.first <= clock_.now()) {
      auto due = timers_.extract(timers_.begin());
      ready_.push_back({due.key().second, std::move(due.mapped())});
    }
    if (ready_.empty()) return false;
    Ready ready = std::move(ready_.front());
    ready_.pop_front();
    times_.erase(ready.id);
    const auto* before = std::exchange(clock_.running_, this);
    ready.task();
    clock_.running_ = before;
    return true;
  }

  // Runs what is ready here, and what becomes ready by that, and leaves other schedulers alone.
  // Answers how many tasks that were; `tasks_max` is as in ManualClock::run_ready().
  std::size_t run_ready(std::size_t tasks_max = 10'000'000) {
    std::size_t ran = 0;
    for (; run_one(); ++ran) {
      if (ran == tasks_max) std::abort();
    }
    return ran;
  }

  // ManualClock::advance(): time passes for all schedulers of the clock.
  void advance(Duration duration) { clock_.advance(duration); }

  // When the next timer is due; nothing if none is set.
  std::optional<MonoTime> next_timer() const {
    if (timers_.empty()) return std::nullopt;
    return timers_.begin()->first.first;
  }

  ManualClock& clock() { return clock_; }

  // --- Scheduler -----------------------------------------------------------------------------
  // Unlike what the interface allows, only from the thread of the test.
  void post(Task task) override {
    if (!stopped_) ready_.push_back({0, std::move(task)});
  }

  TimerHandle call_at(MonoTime time, Task task) override {
    if (stopped_) return {};
    const TimerHandle handle{++last_id_};
    timers_.emplace(std::pair(time, handle.id), std::move(task));
    times_.emplace(handle.id, time);
    return handle;
  }

  void cancel(TimerHandle handle) override {
    const auto found = times_.find(handle.id);
    if (stopped_ || found == times_.end()) return;
    // The task goes last, because it may post as it is destroyed.
    const auto waits = timers_.extract({found->second, handle.id});
    times_.erase(found);
    if (!waits.empty()) return;
    const auto is_due = [&](const Ready& ready) { return ready.id == handle.id; };
    const auto due = std::find_if(ready_.begin(), ready_.end(), is_due);
    const Task task = std::move(due->task);
    ready_.erase(due);
  }

  // True in a task of this scheduler, and wherever no task of its clock runs: the thread of the
  // test may then play any lane.
  bool runs_here() const override { return clock_.running_ == nullptr || clock_.running_ == this; }

  MonoTime now() const override { return clock_.now(); }
  WallTime wall_now() const override { return clock_.wall_now(); }

 private:
  struct Ready {
    std::uint64_t id;  // of a timer; 0: was posted
    Task task;
  };

  ManualClock& clock_;
  std::deque<Ready> ready_;
  std::map<std::pair<MonoTime, std::uint64_t>, Task> timers_;
  std::map<std::uint64_t, MonoTime> times_;  // of the timers that have not run, by id
  std::uint64_t last_id_ = 0;
  bool stopped_ = false;
};

inline std::optional<MonoTime> ManualClock::next_timer() const {
  std::optional<MonoTime> next;
  for (const auto* scheduler : schedulers_) {
    const auto time = scheduler->next_timer();
    if (time && (!next || *time < *next)) next = time;
  }
  return next;
}

inline std::size_t ManualClock::run_ready(std::size_t tasks_max) {
  std::size_t ran = 0;
  for (bool any = true; any;) {
    any = false;
    for (std::size_t i = 0; i < schedulers_.size(); ++i) {
      if (!schedulers_[i]->run_one()) continue;
      any = true;
      if (ran++ == tasks_max) std::abort();
    }
  }
  return ran;
}

inline void ManualClock::advance(Duration duration) {
  const MonoTime end = now_ + duration;
  run_ready();
  for (auto next = next_timer(); next && *next <= end; next = next_timer()) {
    now_ = std::max(now_, *next);
    run_ready();
  }
  now_ = std::max(now_, end);
}

}  // namespace madang
