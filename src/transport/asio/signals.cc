// SPDX-License-Identifier: Apache-2.0
#include "madang/transport/asio/signals.h"

#include <csignal>

#include "asio_types.h"

namespace madang {

struct StopSignals::Loop {
  asio::io_context context{1};
  AsioSignals signals{context};
};

StopSignals::StopSignals() : loop_(std::make_unique<Loop>()) {
  loop_->signals.add(SIGINT);
  loop_->signals.add(SIGTERM);
}

StopSignals::~StopSignals() = default;

int StopSignals::wait() {
  int received = 0;
  loop_->signals.async_wait([&](const asio::error_code&, int signal) { received = signal; });
  loop_->context.run();
  loop_->signals.clear();
  return received;
}

}  // namespace madang
