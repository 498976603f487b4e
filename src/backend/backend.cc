// SPDX-License-Identifier: Apache-2.0
#include "madang/backend/backend.h"

#include <fmt/format.h>

#include <array>
#include <optional>
#include <utility>

#include "backend/answer_json.h"
#include "backend/endpoint.h"
#include "backend/reason_texts.h"
#include "backend/request_json.h"
#include "madang/engine/engine.h"
#include "madang/engine/session.h"

namespace madang {
namespace {

using backend::Answer;
using backend::Endpoint;
using backend::RefreshResult;
using backend::request_json;

// The protocol's own: the subscription is at its end.
constexpr std::uint32_t kExpiredCode = 110;

// What handlers share, so that they may be called after the Backend is gone. Calls under way are
// not: they end with it.
class State {
 public:
  State(BackendOptions options, std::unique_ptr<HttpCaller> calls,
        std::unique_ptr<HttpCaller> events)
      : calls_(std::move(calls)),
        events_(std::move(events)),
        breaker_{.failures_max = options.failures_max,
                 .pause_min = options.pause_min,
                 .pause_max = options.pause_max},
        log_(options.log),
        refresh_grace_(std::chrono::floor<std::chrono::milliseconds>(options.refresh_grace)),
        connect_(endpoint("connect", options.connect)),
        refresh_(endpoint("refresh", options.refresh)),
        subscribe_(endpoint("subscribe", options.subscribe)),
        publish_(endpoint("publish", options.publish)),
        rpc_(endpoint("rpc", options.rpc)),
        sub_refresh_(endpoint("sub_refresh", options.sub_refresh)),
        disconnect_(endpoint("disconnect", options.disconnect)),
        unsubscribe_(endpoint("unsubscribe", options.unsubscribe)) {}

  void stop() {
    calls_->stop();
    events_->stop();
  }

  static Handlers handlers(const std::shared_ptr<State>& state);
  BackendCounters counters() const;

 private:
  Endpoint endpoint(std::string_view name, const BackendMethod& method) {
    return {name, method, breaker_, counters_, log_};
  }

  // Asks, and hands the result to `accept`; what is no result is answered here.
  template <typename Result, typename HostAnswer, typename Accept>
  void ask(Endpoint& endpoint, std::string body, Reply<HostAnswer> reply, Accept accept) {
    endpoint.call(*calls_, std::move(body),
                  [this, &endpoint, reply = std::move(reply),
                   accept = std::move(accept)](absl::StatusOr<std::string> text) mutable {
                    if (!text.ok()) return reply.refuse(text.status());
                    Answer<Result> answer;
                    if (!read_answer(*text, answer)) return reply.refuse(endpoint.malformed());
                    if (answer.result) {
                      counters_.results.add();
                      return accept(*std::move(answer.result), std::move(reply));
                    }
                    refuse(answer.error, answer.disconnect, reply);
                  });
  }

  // Where the result is the host's answer as it is.
  template <typename HostAnswer>
  void ask_for(Endpoint& endpoint, std::string body, Reply<HostAnswer> reply) {
    ask<HostAnswer>(endpoint, std::move(body), std::move(reply),
                    [](HostAnswer answer, Reply<HostAnswer> to) { to.accept(std::move(answer)); });
  }

  template <typename HostAnswer>
  void refuse(const std::optional<ClientError>& error,
              const std::optional<backend::Disconnect>& disconnect, Reply<HostAnswer>& reply) {
    if (error) {
      counters_.errors.add();
      return reply.refuse(client_error(*error));
    }
    counters_.disconnects.add();
    reply.close(reasons_.reason(disconnect->code, disconnect->reason));
  }

  void connect(Session& session, const ConnectRequest& request, Reply<ConnectAnswer> reply) {
    // Who is asked when the time comes: the backend, or else the client.
    const bool client_refreshes = !refresh_.is_set();
    ask<ConnectAnswer>(connect_, request_json(session, request), std::move(reply),
                       [client_refreshes](ConnectAnswer answer, Reply<ConnectAnswer> to) {
                         answer.client_refreshes = client_refreshes;
                         to.accept(std::move(answer));
                       });
  }

  void refresh(Session& session, const RefreshRequest& request, Reply<RefreshAnswer> reply);
  void refresh_subscription(Session& session, const RefreshRequest& request,
                            Reply<RefreshAnswer> reply);

  const std::unique_ptr<HttpCaller> calls_;
  const std::unique_ptr<HttpCaller> events_;
  const backend::BreakerOptions breaker_;
  LogSink* const log_;
  const std::chrono::milliseconds refresh_grace_;

  backend::Counters counters_;
  backend::ReasonTexts reasons_;
  Endpoint connect_, refresh_, subscribe_, publish_, rpc_, sub_refresh_, disconnect_, unsubscribe_;
};

// Hands an answer on, but one that the backend did not give becomes some more time.
class Graceful final : public Reply<RefreshAnswer>::Sink {
 public:
  Graceful(WallTime until, Reply<RefreshAnswer> reply) : until_(until), reply_(std::move(reply)) {}
  void answer(absl::StatusOr<RefreshAnswer> answer) override {
    if (answer.ok()) return reply_.accept(*std::move(answer));
    const bool said = client_error_of(answer.status()).has_value();
    if (said) return reply_.refuse(answer.status());
    reply_.accept({.expires = until_});
  }
  void close(const CloseReason& reason) override { reply_.close(reason); }

 private:
  const WallTime until_;
  Reply<RefreshAnswer> reply_;
};

void State::refresh(Session& session, const RefreshRequest& request, Reply<RefreshAnswer> reply) {
  if (!request.room.empty()) return refresh_subscription(session, request, std::move(reply));
  if (!refresh_.is_set()) return reply.refuse(absl::UnimplementedError("no refresh"));
  // A client that asks by itself hears of the failure, and asks again.
  if (request.token.empty() && refresh_grace_.count() > 0) {
    const WallTime now = session.engine().scheduler(session.lane()).wall_now();
    reply =
        Reply<RefreshAnswer>(std::make_shared<Graceful>(now + refresh_grace_, std::move(reply)));
  }
  ask<RefreshResult>(refresh_, request_json(session, request), std::move(reply),
                     [](RefreshResult result, Reply<RefreshAnswer> to) {
                       if (result.expired) return to.close(kExpired);
                       to.accept(std::move(result.answer));
                     });
}

void State::refresh_subscription(Session& session, const RefreshRequest& request,
                                 Reply<RefreshAnswer> reply) {
  if (!sub_refresh_.is_set()) return reply.refuse(absl::UnimplementedError("no sub_refresh"));
  ask<RefreshResult>(sub_refresh_, request_json(session, request), std::move(reply),
                     [](RefreshResult result, Reply<RefreshAnswer> to) {
                       if (!result.expired) return to.accept({.expires = result.answer.expires});
                       to.refuse(client_error({.code = kExpiredCode, .message = "expired"}));
                     });
}

Handlers State::handlers(const std::shared_ptr<State>& state) {
  Handlers set;
  if (state->connect_.is_set()) {
    set.connect = [state](Session& session, const ConnectRequest& request, auto reply) {
      state->connect(session, request, std::move(reply));
    };
  }
  if (state->refresh_.is_set() || state->sub_refresh_.is_set()) {
    set.refresh = [state](Session& session, const RefreshRequest& request, auto reply) {
      state->refresh(session, request, std::move(reply));
    };
  }
  if (state->subscribe_.is_set()) {
    set.join = [state](Session& session, const JoinRequest& request, auto reply) {
      state->ask_for(state->subscribe_, request_json(session, request), std::move(reply));
    };
  }
  if (state->publish_.is_set()) {
    set.publish = [state](Session& session, const PublishRequest& request, auto reply) {
      state->ask_for(state->publish_, request_json(session, request), std::move(reply));
    };
  }
  if (state->rpc_.is_set()) {
    set.rpc = [state](Session& session, const RpcRequest& request, auto reply) {
      state->ask_for(state->rpc_, request_json(session, request), std::move(reply));
    };
  }
  if (state->disconnect_.is_set()) {
    set.disconnect = [state](Session& session, const CloseReason& reason) {
      state->disconnect_.tell(*state->events_, backend::event_json(session, reason));
    };
  }
  if (state->unsubscribe_.is_set()) {
    set.leave = [state](Session& session, std::string_view room, const LeaveReason& reason) {
      state->unsubscribe_.tell(*state->events_, backend::event_json(session, room, reason));
    };
  }
  return set;
}

BackendCounters State::counters() const {
  const auto& c = counters_;
  return {.calls = c.calls.value(),
          .results = c.results.value(),
          .errors = c.errors.value(),
          .disconnects = c.disconnects.value(),
          .unreachable = c.unreachable.value(),
          .timed_out = c.timed_out.value(),
          .bad_status = c.bad_status.value(),
          .malformed = c.malformed.value(),
          .too_large = c.too_large.value(),
          .away = c.away.value(),
          .full = c.full.value(),
          .events = c.events.value(),
          .events_told = c.events_told.value(),
          .events_failed = c.events_failed.value(),
          .events_dropped = c.events_dropped.value()};
}

class BackendImpl final : public Backend {
 public:
  explicit BackendImpl(std::shared_ptr<State> state) : state_(std::move(state)) {}
  ~BackendImpl() override { state_->stop(); }

  Handlers handlers() const override { return State::handlers(state_); }
  BackendCounters counters() const override { return state_->counters(); }

 private:
  const std::shared_ptr<State> state_;
};

absl::Status check(std::string_view name, const BackendMethod& method) {
  if (method.url.empty()) return absl::OkStatus();
  const absl::Status url = HttpCaller::check_url(method.url);
  if (!url.ok())
    return absl::InvalidArgumentError(fmt::format("{}: {}", name, std::string(url.message())));
  if (method.timeout < std::chrono::milliseconds(1) || method.timeout > std::chrono::minutes(1)) {
    return absl::InvalidArgumentError(
        fmt::format("{}: the time-out is not from 1 ms to a minute", name));
  }
  return absl::OkStatus();
}

absl::Status check(const BackendOptions& options) {
  const std::array<std::pair<std::string_view, const BackendMethod*>, 8> methods = {
      {{"connect", &options.connect},
       {"refresh", &options.refresh},
       {"subscribe", &options.subscribe},
       {"publish", &options.publish},
       {"rpc", &options.rpc},
       {"sub_refresh", &options.sub_refresh},
       {"disconnect", &options.disconnect},
       {"unsubscribe", &options.unsubscribe}}};
  for (const auto& [name, method] : methods) {
    if (absl::Status status = check(name, *method); !status.ok()) return status;
  }
  if (options.pause_min <= Duration::zero() || options.pause_max < options.pause_min)
    return absl::InvalidArgumentError("the pauses are none, or the longest is not the longest");
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Backend>> Backend::make(BackendOptions options) {
  if (absl::Status status = check(options); !status.ok()) return status;
  auto calls = HttpCaller::make(options.http);
  if (!calls.ok()) return calls.status();
  HttpCallerOptions for_events = options.http;
  for_events.calls_max = options.events_max;
  for_events.connections_max = options.event_connections_max;
  auto events = HttpCaller::make(std::move(for_events));
  if (!events.ok()) return events.status();
  return std::make_unique<BackendImpl>(
      std::make_shared<State>(std::move(options), *std::move(calls), *std::move(events)));
}

}  // namespace madang
