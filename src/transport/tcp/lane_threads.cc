// SPDX-License-Identifier: Apache-2.0
#include "lane_threads.h"

#include <pthread.h>

#include <algorithm>
#include <csignal>
#include <exception>
#include <utility>

namespace madang {

namespace {

constexpr std::size_t kThreadNameBytesMax = 15;

void name_this_thread(const std::string& name, std::size_t index) {
  const std::string suffix = "-" + std::to_string(index);
  const std::string full = name.substr(0, kThreadNameBytesMax - suffix.size()) + suffix;
  pthread_setname_np(pthread_self(), full.c_str());
}

}  // namespace

void LaneThreads::start(const std::string& name, std::size_t lanes,
                        std::function<void(std::size_t)> run) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);  // inherited by the threads
  for (std::size_t i = 0; i < lanes; ++i) {
    threads_.emplace_back([name, run, i] {
      name_this_thread(name, i);
      run(i);
    });
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void LaneThreads::join() {
  for (std::thread& thread : threads_)
    thread.join();
  threads_.clear();
}

std::size_t lane_count(const LanesOptions& options) {
  if (options.lanes > 0) return options.lanes;
  return std::max(1U, std::thread::hardware_concurrency());
}

void run_reporting(LogSink* log, const std::function<void()>& work) {
  try {
    work();
  } catch (const std::exception& error) {
    if (log == nullptr) return;
    log->write(LogLevel::kError, "task_threw", escape_for_log(error.what()));
  } catch (...) {
    if (log == nullptr) return;
    log->write(LogLevel::kError, "task_threw", "not a std::exception");
  }
}

}  // namespace madang
