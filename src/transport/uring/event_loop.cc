// SPDX-License-Identifier: Apache-2.0
#include "event_loop.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <limits>
#include <optional>
#include <system_error>
#include <utility>

namespace madang {

namespace {

int make_wake_fd() {
  const int fd = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (fd < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
  return fd;
}

}  // namespace

EventLoop::EventLoop() : wake_fd_(make_wake_fd()) {}

EventLoop::~EventLoop() {
  drop_tasks();
  ::close(wake_fd_);
}

void EventLoop::drop_tasks() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  // Out of reach first: what a task owns may come back here as it is destroyed.
  const TimerQueue timers = std::exchange(timers_, {});
  const std::vector<Task> posted = std::exchange(posted_, {});
  const std::vector<Task> tasks = std::exchange(tasks_, {});
  next_task_ = 0;
}

void EventLoop::enter() { thread_.store(std::this_thread::get_id(), std::memory_order_relaxed); }

int EventLoop::wait_ms() {
  if (next_task_ < tasks_.size()) return 0;
  const std::optional<MonoTime> next = timers_.next();
  const std::lock_guard lock(mutex_);
  if (!posted_.empty()) return 0;
  int timeout_ms = -1;
  if (next) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*next - now()).count();
    timeout_ms =
        static_cast<int>(std::clamp<std::int64_t>(left, 0, std::numeric_limits<int>::max()));
  }
  waits_ = timeout_ms != 0;
  return timeout_ms;
}

void EventLoop::run_due() {
  {
    const std::lock_guard lock(mutex_);
    waits_ = false;
    if (next_task_ == tasks_.size()) {
      tasks_.clear();
      next_task_ = 0;
      tasks_.swap(posted_);
    }
  }
  while (next_task_ < tasks_.size() && !stopped()) {
    Task task = std::move(tasks_[next_task_++]);
    task();
  }
  const MonoTime time = now();
  const TimerHandle last = timers_.last();
  while (!stopped()) {
    Task task = timers_.take_due(time, last);
    if (!task) break;
    task();
  }
}

void EventLoop::stop() {
  stopped_.store(true, std::memory_order_release);
  wake();
}

void EventLoop::wake() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(wake_fd_, &one, sizeof(one));
}

void EventLoop::post(Task task) {
  bool must_wake = false;
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    posted_.push_back(std::move(task));
    must_wake = std::exchange(waits_, false) && !runs_here();
  }
  if (must_wake) wake();
}

TimerHandle EventLoop::call_at(MonoTime time, Task task) {
  return timers_.add(time, std::move(task));
}

void EventLoop::cancel(TimerHandle handle) { timers_.cancel(handle); }

bool EventLoop::runs_here() const {
  return thread_.load(std::memory_order_relaxed) == std::this_thread::get_id();
}

MonoTime EventLoop::now() const {
  return MonoTime(std::chrono::steady_clock::now().time_since_epoch());
}

WallTime EventLoop::wall_now() const {
  return std::chrono::time_point_cast<WallTime::duration>(std::chrono::system_clock::now());
}

}  // namespace madang
