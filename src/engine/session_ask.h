// SPDX-License-Identifier: Apache-2.0
#pragma once

// How a session asks its host: the templates that the session_*.cc files share.

#include <atomic>
#include <exception>
#include <memory>
#include <utility>

#include "engine/engine_impl.h"
#include "engine/session_impl.h"

namespace madang {

// Carries one answer back to the lane of the session that asked, from any thread.
template <typename Answer>
class AnswerSink final : public Reply<Answer>::Sink {
 public:
  AnswerSink(Lane& lane, std::uint64_t session, std::uint64_t request)
      : lane_(lane.weak_from_this()), session_(session), request_(request) {}

  ~AnswerSink() override {
    if (answered_.load(std::memory_order_relaxed)) return;
    // A handler that throws destroys its reply on the way out; that is counted by who catches it.
    if (std::uncaught_exceptions() > exceptions_) return;
    if (const auto lane = lane_.lock()) lane->engine().count().handler_dropped_reply.add();
    deliver(absl::InternalError("the handler gave no answer"));
  }

  void answer(absl::StatusOr<Answer> answer) override {
    if (is_first()) deliver(std::move(answer));
  }

  void close(const CloseReason& reason) override {
    if (is_first()) with_asker([reason](SessionImpl& asker) { asker.close(reason); });
  }

 private:
  bool is_first() {
    if (!answered_.exchange(true)) return true;
    if (const auto lane = lane_.lock()) lane->engine().count().handler_answered_twice.add();
    return false;
  }

  void deliver(absl::StatusOr<Answer> answer) {
    with_asker([request = request_, answer = std::move(answer)](SessionImpl& asker) mutable {
      asker.answered(request, std::move(answer));
    });
  }

  // Calls on the session's lane, if it still is there then.
  template <typename Call>
  void with_asker(Call call) {
    const auto lane = lane_.lock();
    if (lane == nullptr) return;
    if (lane->scheduler().runs_here()) return call_asker(*lane, session_, call);
    lane->post([session = session_, call = std::move(call)](Lane& home) mutable {
      call_asker(home, session, call);
    });
  }

  template <typename Call>
  static void call_asker(Lane& lane, std::uint64_t session, Call& call) {
    SessionImpl* const asker = lane.find(session);
    if (asker == nullptr || asker->closing()) {
      lane.engine().count().handler_answered_late.add();
    } else {
      call(*asker);
    }
  }

  const std::weak_ptr<Lane> lane_;
  const std::uint64_t session_;
  const std::uint64_t request_;
  const int exceptions_ = std::uncaught_exceptions();
  std::atomic<bool> answered_{false};
};

template <typename Answer>
void SessionImpl::answered(std::uint64_t request, absl::StatusOr<Answer> answer) {
  if (!work().requests.answer(request, std::move(answer)))
    core().count().handler_answered_late.add();
  lane_.touch(*this);
}

template <typename Request, typename Answer>
void SessionImpl::ask(std::uint64_t number, const Handlers::Asks<Request, Answer>& handler,
                      const Request& request, Callback<Answer> done) {
  if (closing()) return done(absl::UnavailableError("the session is closing"));
  if (!handler) return done(absl::UnimplementedError("not available"));
  TimerWheel::Timer& timer =
      work().requests.add<Answer>(lane_.requests_owner(), number_, number, std::move(done));
  lane_.arm(timer, lane_.now() + limits().handler_timeout);
  Reply<Answer> reply(std::make_shared<AnswerSink<Answer>>(lane_, number_, number));
  try {
    handler(*this, request, std::move(reply));
  } catch (const std::exception& error) {
    handler_threw(error.what());
    work().requests.fail(number, absl::InternalError("the handler threw"));
  } catch (...) {
    handler_threw("not a std::exception");
    work().requests.fail(number, absl::InternalError("the handler threw"));
  }
}

template <typename Answer>
Callback<Answer> SessionImpl::expect(std::uint64_t number, Callback<Answer> done) {
  TimerWheel::Timer& timer =
      work().requests.add<Answer>(lane_.requests_owner(), number_, number, std::move(done));
  lane_.arm(timer, lane_.now() + limits().handler_timeout);
  return [sink = std::make_shared<AnswerSink<Answer>>(lane_, number_, number)](
             absl::StatusOr<Answer> answer) { sink->answer(std::move(answer)); };
}

template <typename Call>
void SessionImpl::tell(Call call) {
  try {
    call();
  } catch (const std::exception& error) {
    handler_threw(error.what());
  } catch (...) {
    handler_threw("not a std::exception");
  }
}

}  // namespace madang
