// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

namespace madang {

// Catches SIGINT and SIGTERM as long as it lives: those which ask the process to end. Make it
// before anything that should end in order. One thread uses it, whichever threads the signals come
// to.
class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  // Waits for one of them, which may have come already, and returns its number. Lets the next one
  // end the process at once, as if this object were gone. To be called once.
  int wait();

 private:
  struct Loop;

  const std::unique_ptr<Loop> loop_;
};

}  // namespace madang
