// SPDX-License-Identifier: Apache-2.0
#include "asio_lane.h"

namespace madang {

AsioLane::AsioLane() : TcpLane(scheduler) {
  ready_.assign(poll_fd());
  wait();
}

AsioLane::~AsioLane() {
  drop_streams();
  ready_.release();  // not ours to close
}

void AsioLane::wait() {
  ready_.async_wait(AsioDescriptor::wait_read, [this](const asio::error_code& error) {
    if (error) return;
    // Waits anew on the way out, also when a handler throws.
    struct Rearm {
      AsioLane& lane;
      ~Rearm() { lane.wait(); }
    } const rearm{*this};
    poll(0);
  });
}

void AsioLane::turn_opened() {
  asio::post(context, [this] { end_turn(); });
}

}  // namespace madang
