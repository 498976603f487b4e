// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

#include "backend/breaker.h"
#include "madang/backend/backend.h"
#include "madang/base/counters.h"

namespace madang::backend {

// The parts of BackendCounters that count.
struct Counters {
  Counter calls, results, errors, disconnects;
  Counter unreachable, timed_out, bad_status, malformed, too_large, away, full;
  Counter events, events_told, events_failed, events_dropped;
};

// One method of the backend: asks it, unless it is away, and judges how that went. Any thread.
class Endpoint {
 public:
  // `name` is a literal. `log` may be null.
  Endpoint(std::string_view name, BackendMethod method, const BreakerOptions& breaker,
           Counters& counters, LogSink* log)
      : name_(name),
        method_(std::move(method)),
        counters_(counters),
        log_(log),
        breaker_(breaker) {}

  bool is_set() const { return !method_.url.empty(); }
  const BackendMethod& method() const { return method_; }
  std::string_view name() const { return name_; }

  // Posts `body`. The answer's body, or the status for the client, which is counted and logged:
  // Unavailable or ResourceExhausted. `done` as in HttpCaller::post().
  void call(HttpCaller& caller, std::string body, Callback<std::string> done);
  // What call() answered was not as it should be; the status for the client.
  absl::Status malformed();

  // Posts what happened, and forgets it.
  void tell(HttpCaller& caller, std::string body);

 private:
  using Verdict = Breaker::Verdict;

  Verdict admit();
  // Tells the breaker how a call ended, and the log if that changes anything.
  void judge(Verdict admitted, const absl::StatusOr<HttpAnswer>& answer);
  // Counts and logs why an answer is of no use.
  absl::Status failure(const absl::StatusOr<HttpAnswer>& answer);
  void log_failure(std::string_view why);
  void log(LogLevel level, std::string_view cause, std::string_view text);

  const std::string_view name_;
  const BackendMethod method_;
  Counters& counters_;
  LogSink* const log_;

  std::mutex mutex_;
  Breaker breaker_;
  MonoTime next_log_ = {};
  std::uint64_t not_logged_ = 0;
};

}  // namespace madang::backend
