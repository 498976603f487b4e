// SPDX-License-Identifier: Apache-2.0
#include "backend/breaker.h"

#include <doctest/doctest.h>

#include <chrono>

namespace madang::backend {
namespace {

using namespace std::chrono_literals;
using Verdict = Breaker::Verdict;

constexpr BreakerOptions kThree{.failures_max = 3, .pause_min = 1s, .pause_max = 3s};

// One that broke at `now`.
Breaker broken(MonoTime now) {
  Breaker breaker(kThree);
  for (int i = 0; i < 3; ++i)
    CHECK(breaker.failed(Verdict::kCall, now) == (i == 2));
  return breaker;
}

TEST_CASE("breaker: failures in a row break it, others do not") {
  const MonoTime now{};
  Breaker breaker(kThree);
  for (int i = 0; i < 10; ++i) {
    CHECK_FALSE(breaker.failed(Verdict::kCall, now));
    CHECK_FALSE(breaker.failed(Verdict::kCall, now));
    CHECK_FALSE(breaker.succeeded());
    CHECK(breaker.admit(now) == Verdict::kCall);
  }
  CHECK(broken(now).admit(now) == Verdict::kRefuse);
}

TEST_CASE("breaker: after the pause one probe is let through, and pauses double up to a bound") {
  MonoTime now{};
  Breaker breaker = broken(now);
  for (const Duration pause : {1s, 2s, 3s, 3s}) {
    CHECK(breaker.pause() == pause);
    CHECK(breaker.admit(now + pause - 1ns) == Verdict::kRefuse);
    now += pause;
    CHECK(breaker.admit(now) == Verdict::kProbe);
    CHECK(breaker.admit(now + 1h) == Verdict::kRefuse);
    CHECK(breaker.failed(Verdict::kProbe, now));
  }
  now += 3s;
  CHECK(breaker.admit(now) == Verdict::kProbe);
  CHECK(breaker.succeeded());
  CHECK(breaker.admit(now) == Verdict::kCall);
  CHECK(broken(now).pause() == 1s);
}

TEST_CASE("breaker: calls from before the pause do not prolong it, but may end it") {
  const MonoTime now{};
  Breaker breaker = broken(now);
  CHECK_FALSE(breaker.failed(Verdict::kCall, now + 500ms));
  CHECK(breaker.admit(now + 1s) == Verdict::kProbe);
  CHECK_FALSE(breaker.failed(Verdict::kCall, now + 1s));
  CHECK(breaker.succeeded());
  CHECK(breaker.admit(now + 1s) == Verdict::kCall);
  // The probe's own end comes late.
  CHECK_FALSE(breaker.failed(Verdict::kProbe, now + 1s));
  CHECK(breaker.admit(now + 1s) == Verdict::kCall);
}

TEST_CASE("breaker: a probe that was not made leaves room for another") {
  const MonoTime now{};
  Breaker breaker = broken(now);
  CHECK(breaker.admit(now + 1s) == Verdict::kProbe);
  breaker.abandoned(Verdict::kProbe);
  CHECK(breaker.admit(now + 1s) == Verdict::kProbe);
  breaker.abandoned(Verdict::kCall);
  CHECK(breaker.admit(now + 1s) == Verdict::kRefuse);
}

TEST_CASE("breaker: one without a bound never breaks") {
  Breaker breaker({.failures_max = 0});
  for (int i = 0; i < 100; ++i)
    CHECK_FALSE(breaker.failed(Verdict::kCall, MonoTime{}));
  CHECK(breaker.admit(MonoTime{}) == Verdict::kCall);
}

}  // namespace
}  // namespace madang::backend
