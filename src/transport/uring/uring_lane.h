// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>

#include "event_loop.h"
#include "madang/base/log.h"
#include "send_ring.h"
#include "transport/tcp/tcp_lane.h"

namespace madang {

// A lane on a loop of its own. A turn is: wait and tell who is ready; run tasks; send.
class UringLane final : public TcpLane {
 public:
  UringLane();
  ~UringLane();

  EventLoop& loop() { return loop_; }

  // Makes the ring, in the thread that is to run the loop. Without one the lane goes on, with a
  // system call for each send. `log` may be null, here and below.
  void enter(LogSink* log);
  // Runs the loop until it is stopped. After enter().
  void run(LogSink* log);

 private:
  void turn_opened() override {}
  void send(std::span<Send> sends) override;

  EventLoop loop_;
  std::unique_ptr<SendRing> ring_;  // while the loop runs, unless it broke
};

}  // namespace madang
