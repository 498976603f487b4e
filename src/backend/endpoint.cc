// SPDX-License-Identifier: Apache-2.0
#include "backend/endpoint.h"

#include <fmt/format.h>

#include <utility>

#include "backend/clock.h"

namespace madang::backend {
namespace {

constexpr auto kBetweenLogs = std::chrono::seconds(1);

// Whether an answer like this says that the backend lives. What a client can bring about by what it
// asks for, a large answer say, is not to close the method to all others.
enum class Life : std::uint8_t { kAnswers, kSilent, kUnknown };

Life life_of(const absl::StatusOr<HttpAnswer>& answer) {
  if (answer.ok()) return answer->status < 500 ? Life::kAnswers : Life::kSilent;
  if (absl::IsOutOfRange(answer.status())) return Life::kAnswers;
  return absl::IsResourceExhausted(answer.status()) ? Life::kUnknown : Life::kSilent;
}

bool good(const absl::StatusOr<HttpAnswer>& answer) { return answer.ok() && answer->status == 200; }

}  // namespace

void Endpoint::call(HttpCaller& caller, std::string body, Callback<std::string> done) {
  counters_.calls.add();
  const Verdict admitted = admit();
  if (admitted == Verdict::kRefuse) {
    counters_.away.add();
    return done(absl::UnavailableError("the backend is away"));
  }
  caller.post(method_.url, std::move(body), method_.timeout,
              [this, admitted, done = std::move(done)](absl::StatusOr<HttpAnswer> answer) mutable {
                judge(admitted, answer);
                if (!good(answer)) return done(failure(answer));
                done(std::move(answer->body));
              });
}

void Endpoint::tell(HttpCaller& caller, std::string body) {
  counters_.events.add();
  const Verdict admitted = admit();
  if (admitted == Verdict::kRefuse) return counters_.events_dropped.add();
  caller.post(method_.url, std::move(body), method_.timeout,
              [this, admitted](const absl::StatusOr<HttpAnswer>& answer) {
                judge(admitted, answer);
                if (good(answer)) return counters_.events_told.add();
                if (absl::IsResourceExhausted(answer.status()))
                  return counters_.events_dropped.add();
                counters_.events_failed.add();
                log_failure("an event was not taken");
              });
}

Endpoint::Verdict Endpoint::admit() {
  const MonoTime now = steady_now();
  const std::lock_guard lock(mutex_);
  return breaker_.admit(now);
}

void Endpoint::judge(Verdict admitted, const absl::StatusOr<HttpAnswer>& answer) {
  const MonoTime now = steady_now();
  Duration pause = {};
  bool changed = false;
  const Life life = life_of(answer);
  {
    const std::lock_guard lock(mutex_);
    if (life == Life::kUnknown) breaker_.abandoned(admitted);
    if (life == Life::kAnswers) changed = breaker_.succeeded();
    if (life == Life::kSilent) changed = breaker_.failed(admitted, now);
    pause = breaker_.pause();
  }
  if (!changed) return;
  if (life == Life::kAnswers) return log(LogLevel::kInfo, "backend_back", "it answers again");
  const auto pause_ms = std::chrono::duration_cast<std::chrono::milliseconds>(pause).count();
  log(LogLevel::kWarning, "backend_away", fmt::format("calls fail at once for {} ms", pause_ms));
}

absl::Status Endpoint::failure(const absl::StatusOr<HttpAnswer>& answer) {
  const absl::Status refused = absl::UnavailableError("the backend gave no answer");
  if (answer.ok()) {
    counters_.bad_status.add();
    log_failure(fmt::format("the HTTP status is {}", answer->status));
    return refused;
  }
  switch (answer.status().code()) {
    case absl::StatusCode::kResourceExhausted:
      counters_.full.add();
      log_failure("too many calls are under way");
      return absl::ResourceExhaustedError("too many calls to the backend");
    case absl::StatusCode::kDeadlineExceeded:
      counters_.timed_out.add();
      break;
    case absl::StatusCode::kOutOfRange:
      counters_.too_large.add();
      break;
    default:
      counters_.unreachable.add();
  }
  const auto why = answer.status().message();
  log_failure({why.data(), why.size()});
  return refused;
}

absl::Status Endpoint::malformed() {
  counters_.malformed.add();
  log_failure("the answer is not as it should be");
  return absl::UnavailableError("the backend's answer is not as it should be");
}

void Endpoint::log_failure(std::string_view why) {
  if (log_ == nullptr) return;
  const MonoTime now = steady_now();
  std::uint64_t not_logged = 0;
  {
    const std::lock_guard lock(mutex_);
    if (now < next_log_) {
      ++not_logged_;
      return;
    }
    next_log_ = now + kBetweenLogs;
    not_logged = std::exchange(not_logged_, 0);
  }
  log(LogLevel::kWarning, "backend_failed",
      not_logged == 0 ? std::string(why) : fmt::format("{}; {} more before", why, not_logged));
}

void Endpoint::log(LogLevel level, std::string_view cause, std::string_view text) {
  if (log_ != nullptr) log_->write(level, cause, fmt::format("{}: {}", name_, text));
}

}  // namespace madang::backend
