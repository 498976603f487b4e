// SPDX-License-Identifier: Apache-2.0
#include "backend/breaker.h"

#include <algorithm>

namespace madang::backend {

Breaker::Verdict Breaker::admit(MonoTime now) {
  if (!open()) return Verdict::kCall;
  if (probing_ || now < until_) return Verdict::kRefuse;
  probing_ = true;
  return Verdict::kProbe;
}

bool Breaker::succeeded() {
  // An answer to an older call says as well that the backend lives.
  const bool was_open = open();
  failures_ = 0;
  pause_ = Duration::zero();
  probing_ = false;
  return was_open;
}

bool Breaker::failed(Verdict as, MonoTime now) {
  if (options_.failures_max == 0) return false;
  if (open()) {
    // The pause is about calls from before it began.
    if (as != Verdict::kProbe || !probing_) return false;
    probing_ = false;
    pause_ = std::min(pause_ * 2, options_.pause_max);
  } else {
    if (++failures_ < options_.failures_max) return false;
    pause_ = options_.pause_min;
  }
  until_ = now + pause_;
  return true;
}

void Breaker::abandoned(Verdict as) {
  if (as == Verdict::kProbe) probing_ = false;
}

}  // namespace madang::backend
