// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "asio_types.h"
#include "madang/transport/asio/asio_scheduler.h"
#include "transport/tcp/tcp_lane.h"

namespace madang {

// A lane on a loop of Asio's, which waits for the lane's epoll as for any other descriptor: a
// connection is registered there once for its whole life, where Asio would take a system call for
// each wait. The end of a turn is a task behind those that opened it.
class AsioLane final : public TcpLane {
 public:
  AsioLane();
  ~AsioLane();

  asio::io_context context{1};  // one thread runs it
  AsioScheduler scheduler{context};

 private:
  void turn_opened() override;
  void send(std::span<Send> sends) override { send_one_by_one(sends); }
  void wait();

  AsioDescriptor ready_{context};
};

}  // namespace madang
