// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "madang/base/log.h"
#include "madang/base/scheduler.h"

namespace madang {

struct AsioLane;

struct AsioLanesOptions {
  // Event loops, each with a thread of its own. 0: one for each core.
  std::size_t lanes = 0;
  // Threads are called "madang-0" and so on. At most 11 bytes are shown.
  std::string thread_name = "madang";
  // Where a task that throws is reported, which ends the task and nothing else. May be null;
  // outlives the lanes.
  LogSink* log = nullptr;
};

// The event loops that a server runs on, with their threads: what EngineOptions::lanes and a Server
// want. Each loop owns the connections that it accepted.
//
// start(), join() and the destructor belong to the thread that made it; stop() may come from
// anywhere. The lanes outlive the engine and servers that use them.
class AsioLanes {
 public:
  explicit AsioLanes(AsioLanesOptions options = {});
  // Stops and joins. Connections that are still open are cut without a word to their handlers, and
  // tasks that have not run are dropped.
  ~AsioLanes();
  AsioLanes(const AsioLanes&) = delete;
  AsioLanes& operator=(const AsioLanes&) = delete;

  std::size_t size() const { return lanes_.size(); }
  Scheduler& scheduler(std::size_t lane);
  // All of them, in order, as EngineOptions::lanes wants them.
  std::vector<Scheduler*> schedulers();

  // Starts the threads. They block all signals. Once.
  void start();
  // Has each loop end after the task that it runs.
  void stop();
  // Waits until the loops have ended.
  void join();

  // For what is built on a lane's loop, such as TcpListener.
  AsioLane& lane(std::size_t index) { return *lanes_[index]; }

 private:
  void run(std::size_t index);

  const AsioLanesOptions options_;
  std::vector<std::unique_ptr<AsioLane>> lanes_;
  std::vector<std::thread> threads_;
};

}  // namespace madang
