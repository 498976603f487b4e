// SPDX-License-Identifier: Apache-2.0
#include "madang/transport/asio/signals.h"

#include <csignal>

#include "asio_types.h"

namespace madang {

int wait_for_stop_signal() {
  asio::io_context context;
  AsioSignals signals(context);
  signals.add(SIGINT);
  signals.add(SIGTERM);
  int received = 0;
  signals.async_wait([&](const asio::error_code&, int signal) { received = signal; });
  context.run();
  return received;
}

}  // namespace madang
