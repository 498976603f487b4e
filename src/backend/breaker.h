// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "madang/base/time.h"

namespace madang::backend {

struct BreakerOptions {
  std::uint32_t failures_max = 10;  // in a row; 0: it never breaks
  Duration pause_min = std::chrono::seconds(1);
  Duration pause_max = std::chrono::seconds(30);
};

// Whether it makes sense to ask a backend that did not answer before. Closed it admits all calls.
// After some failures in a row it refuses them for a pause, then admits one as a probe: when that
// fails too, the next pause is twice as long. Pure: told the time.
class Breaker {
 public:
  enum class Verdict : std::uint8_t { kCall, kProbe, kRefuse };

  explicit Breaker(const BreakerOptions& options) : options_(options) {}

  Verdict admit(MonoTime now);

  // How a call ended that was admitted as `as`, in whatever order. `succeeded` and `failed` say
  // whether that changed between admitting and refusing.
  bool succeeded();
  bool failed(Verdict as, MonoTime now);
  // It ended for a reason that says nothing of the backend.
  void abandoned(Verdict as);

  // How long it refuses after a failure now, for a log.
  Duration pause() const { return pause_; }

 private:
  bool open() const { return pause_ != Duration::zero(); }

  const BreakerOptions options_;
  std::uint32_t failures_ = 0;
  Duration pause_ = Duration::zero();  // zero: closed
  MonoTime until_ = {};
  bool probing_ = false;
};

}  // namespace madang::backend
