// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "madang/base/log.h"
#include "madang/base/scheduler.h"
#include "madang/transport/tcp_listener.h"

namespace madang {

struct LanesOptions {
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
// make_lanes() in doors/make_lanes.h makes the fastest that the system permits. AsioLanes and
// UringLanes are the kinds there are.
//
// start(), join() and the destructor belong to the thread that made it; stop() may come from
// anywhere. The lanes outlive the engine and servers that use them.
class Lanes {
 public:
  // Stops and joins. Connections that are still open are cut without a word to their handlers, and
  // tasks that have not run are dropped.
  virtual ~Lanes() = default;

  // Of which kind they are, for people to read: "asio", "uring".
  virtual const char* kind() const = 0;

  virtual std::size_t size() const = 0;
  virtual Scheduler& scheduler(std::size_t lane) = 0;
  // All of them, in order, as EngineOptions::lanes wants them.
  std::vector<Scheduler*> schedulers() {
    std::vector<Scheduler*> all;
    for (std::size_t lane = 0; lane < size(); ++lane)
      all.push_back(&scheduler(lane));
    return all;
  }

  // Starts the threads. They block all signals. Once.
  virtual void start() = 0;
  // Has each loop end after the task that it runs.
  virtual void stop() = 0;
  // Waits until the loops have ended.
  virtual void join() = 0;

  // Binds and listens for connections of one lane. InvalidArgument: not an address, or no such
  // lane. Unavailable: the system refuses, and why. Any thread; `accept` and `failed` run on the
  // lane.
  virtual absl::StatusOr<std::unique_ptr<TcpListener>> listen(std::size_t lane,
                                                              const TcpListenerOptions& options,
                                                              TcpListener::Accept accept,
                                                              TcpListener::Failed failed) = 0;
};

}  // namespace madang
