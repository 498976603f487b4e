// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <list>
#include <memory>

#include "asio_types.h"
#include "madang/transport/asio/asio_scheduler.h"

namespace madang {

class TcpStream;

// One event loop with what its connections share. Belongs to the thread that runs the loop.
struct AsioLane {
  AsioLane() = default;
  AsioLane(const AsioLane&) = delete;
  AsioLane& operator=(const AsioLane&) = delete;
  ~AsioLane();

  asio::io_context context{1};  // one thread runs it
  AsioScheduler scheduler{context};

  // Every connection reads into this one, so that a quiet one needs no memory to read.
  std::array<char, 64 * 1024> read_buffer;
  // The connections that have not ended.
  std::list<std::shared_ptr<TcpStream>> streams;
};

}  // namespace madang
