// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "madang/base/callback.h"

namespace madang {

// The answer of a call, for a thread that has nothing else to do than to wait for it. Whoever gives
// up waiting may forget it: the callback keeps what it needs.
template <typename Answer>
class Blocking {
 public:
  absl::AnyInvocable<void(Answer)> callback() {
    return [state = state_](Answer answer) {
      const std::lock_guard lock(state->mutex);
      state->answer = std::move(answer);
      state->news.notify_all();
    };
  }

  Answer wait() {
    std::unique_lock lock(state_->mutex);
    state_->news.wait(lock, [this] { return state_->answer.has_value(); });
    return std::move(*state_->answer);
  }

 private:
  struct State {
    std::mutex mutex;
    std::condition_variable news;
    std::optional<Answer> answer;
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

// Calls `call` with a callback and waits for what that is given.
template <typename Result, typename Call>
absl::StatusOr<Result> wait_for(const Call& call) {
  Blocking<absl::StatusOr<Result>> answer;
  call(answer.callback());
  return answer.wait();
}
template <typename Call>
absl::Status wait_for_status(const Call& call) {
  Blocking<absl::Status> answer;
  call(answer.callback());
  return answer.wait();
}

}  // namespace madang
