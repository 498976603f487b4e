// SPDX-License-Identifier: Apache-2.0
#include "storage/worker.h"

#include <utility>

namespace madang {

Worker::Worker(std::size_t tasks_max) : tasks_max_(tasks_max), thread_([this] { run(); }) {}

Worker::~Worker() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  news_.notify_one();
  thread_.join();
}

bool Worker::post(Task task) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_ || tasks_.size() >= tasks_max_) return false;
    tasks_.push_back(std::move(task));
  }
  news_.notify_one();
  return true;
}

void Worker::run() {
  for (;;) {
    Task task;
    {
      std::unique_lock lock(mutex_);
      news_.wait(lock, [this] { return stopping_ || !tasks_.empty(); });
      if (tasks_.empty()) return;
      task = tasks_.pop_front();
    }
    task();
  }
}

}  // namespace madang
