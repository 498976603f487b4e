// SPDX-License-Identifier: Apache-2.0
#include "madang/transport/asio/asio_lanes.h"

#include <pthread.h>

#include <algorithm>
#include <csignal>
#include <exception>

#include "asio_lane.h"
#include "tcp_stream.h"

namespace madang {

namespace {

constexpr std::size_t kThreadNameBytesMax = 15;

void name_this_thread(const std::string& name, std::size_t index) {
  const std::string suffix = "-" + std::to_string(index);
  const std::string full = name.substr(0, kThreadNameBytesMax - suffix.size()) + suffix;
  pthread_setname_np(pthread_self(), full.c_str());
}

}  // namespace

AsioLane::~AsioLane() {
  while (!streams.empty()) {
    streams.front()->drop();
  }
}

AsioLanes::AsioLanes(AsioLanesOptions options) : options_(std::move(options)) {
  std::size_t count = options_.lanes;
  if (count == 0) count = std::max(1U, std::thread::hardware_concurrency());
  for (std::size_t i = 0; i < count; ++i) {
    lanes_.push_back(std::make_unique<AsioLane>());
  }
}

AsioLanes::~AsioLanes() {
  stop();
  join();
}

Scheduler& AsioLanes::scheduler(std::size_t lane) { return lanes_[lane]->scheduler; }

std::vector<Scheduler*> AsioLanes::schedulers() {
  std::vector<Scheduler*> schedulers;
  for (const auto& lane : lanes_) {
    schedulers.push_back(&lane->scheduler);
  }
  return schedulers;
}

void AsioLanes::start() {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);  // inherited by the threads
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    threads_.emplace_back([this, i] { run(i); });
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void AsioLanes::run(std::size_t index) {
  name_this_thread(options_.thread_name, index);
  asio::io_context& context = lanes_[index]->context;
  const auto work = asio::make_work_guard(context);
  while (!context.stopped()) {
    try {
      context.run();
    } catch (const std::exception& error) {
      if (options_.log == nullptr) continue;
      options_.log->write(LogLevel::kError, "task_threw", escape_for_log(error.what()));
    } catch (...) {
      if (options_.log == nullptr) continue;
      options_.log->write(LogLevel::kError, "task_threw", "not a std::exception");
    }
  }
}

void AsioLanes::stop() {
  for (const auto& lane : lanes_) {
    lane->context.stop();
  }
}

void AsioLanes::join() {
  for (std::thread& thread : threads_) {
    thread.join();
  }
  threads_.clear();
}

}  // namespace madang
