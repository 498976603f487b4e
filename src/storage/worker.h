// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <thread>

#include "madang/base/ring.h"
#include "madang/base/scheduler.h"

namespace madang {

// A thread of a store that runs tasks one after the other, so that a lane never waits for a disk.
class Worker {
 public:
  // At most `tasks_max` wait.
  explicit Worker(std::size_t tasks_max);
  // Runs what waits first.
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Runs `task` after what was posted before. False, and the task is dropped, if too many wait. Any
  // thread.
  [[nodiscard]] bool post(Task task);

 private:
  void run();

  const std::size_t tasks_max_;
  std::mutex mutex_;
  std::condition_variable news_;
  Ring<Task> tasks_;
  bool stopping_ = false;
  std::thread thread_;  // last: it uses the others
};

}  // namespace madang
