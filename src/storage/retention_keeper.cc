// SPDX-License-Identifier: Apache-2.0
#include "madang/storage/retention_keeper.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "madang/storage/message_retention.h"
#include "storage/believed_wall.h"

namespace madang {
namespace {

constexpr std::chrono::days kAgeMax(36'525);
constexpr std::chrono::days kDelayMax(366);

}  // namespace

// What timers and callbacks use, which may outlive the keeper.
class RetentionKeeper::State : public std::enable_shared_from_this<State> {
 public:
  State(Scheduler& scheduler, MessageStore& store, RetentionOptions options)
      : scheduler_(scheduler), store_(store), options_(std::move(options)) {}

  void start();
  void stop();
  RetentionState state() const {
    const std::lock_guard lock(mutex_);
    return state_;
  }

 private:
  using Answer = absl::StatusOr<std::size_t>;
  using TimedStep = void (State::*)();
  using AnsweredStep = void (State::*)(Answer);
  class OneAnswer;

  // The steps of one look, on the scheduler, with call_mutex_ held.
  void wait_for_first();
  void begin();
  void expire();
  void expired(Answer removed);
  void move();
  void moved(Answer count);
  void end();

  template <typename... Arguments>
  void take_step(void (State::*step)(Arguments...), Arguments... arguments) {
    const std::lock_guard lock(call_mutex_);
    if (!ended_) (this->*step)(std::move(arguments)...);
  }
  void later(Duration delay, TimedStep step);
  Callback<std::size_t> callback(AnsweredStep step);
  void answered(AnsweredStep step, Answer answer);
  void failed(const absl::Status& status);
  Duration random_part(Duration whole);

  Scheduler& scheduler_;
  MessageStore& store_;

  // Held on the scheduler while the store and `move` are called, so that stop() waits for that.
  // Comes before the other one.
  std::mutex call_mutex_;
  RetentionOptions options_;
  SystemRandom system_random_ = {};
  BelievedWall wall_ = {};
  WallTime now_ = {};         // of this look
  bool look_failed_ = false;  // this one
  int failed_in_row_ = 0;

  mutable std::mutex mutex_;  // guards what follows
  bool started_ = false;
  bool ended_ = false;  // written with both held
  RetentionState state_ = {};
  TimerHandle timer_ = {};  // the scheduler's
};

// Gives one answer, whatever becomes of the callback.
class RetentionKeeper::State::OneAnswer {
 public:
  OneAnswer(std::shared_ptr<State> state, AnsweredStep step)
      : state_(std::move(state)), step_(step) {}
  ~OneAnswer() { give(absl::InternalError("a callback was dropped without an answer")); }
  OneAnswer(const OneAnswer&) = delete;
  OneAnswer& operator=(const OneAnswer&) = delete;

  void give(Answer answer) {
    if (const auto state = std::exchange(state_, nullptr)) {
      state->answered(step_, std::move(answer));
    }
  }

 private:
  std::shared_ptr<State> state_;
  const AnsweredStep step_;
};

void RetentionKeeper::State::start() {
  const std::lock_guard lock(mutex_);
  if (ended_ || std::exchange(started_, true)) return;
  scheduler_.post([self = shared_from_this()] { self->take_step(&State::wait_for_first); });
}

void RetentionKeeper::State::stop() {
  {
    const std::lock_guard calls(call_mutex_);
    const std::lock_guard lock(mutex_);
    if (std::exchange(ended_, true)) return;
    state_.running = false;
    options_.move = nullptr;
  }
  if (scheduler_.runs_here()) return scheduler_.cancel(timer_);
  scheduler_.post([self = shared_from_this()] { self->scheduler_.cancel(self->timer_); });
}

void RetentionKeeper::State::wait_for_first() { later(random_part(options_.every), &State::begin); }

void RetentionKeeper::State::begin() {
  now_ = wall_.at(scheduler_.now(), scheduler_.wall_now());
  look_failed_ = false;
  {
    const std::lock_guard lock(mutex_);
    state_.running = true;
  }
  expire();
}

void RetentionKeeper::State::expire() {
  if (!options_.keep_for) return move();
  store_.retention()->expire(now_ - *options_.keep_for, options_.step_messages_max,
                             callback(&State::expired));
}

void RetentionKeeper::State::expired(Answer removed) {
  if (!removed.ok()) {
    failed(removed.status());
    return move();  // that one may fare better, and a full disk waits for it
  }
  {
    const std::lock_guard lock(mutex_);
    state_.removed += *removed;
  }
  if (*removed < options_.step_messages_max) return move();
  later(options_.step_pause, &State::expire);
}

void RetentionKeeper::State::move() {
  if (!options_.warm_for) return end();
  options_.move(now_ - *options_.warm_for, callback(&State::moved));
}

void RetentionKeeper::State::moved(Answer count) {
  if (count.ok()) {
    const std::lock_guard lock(mutex_);
    state_.moved += *count;
  } else {
    failed(count.status());
  }
  end();
}

void RetentionKeeper::State::end() {
  {
    const std::lock_guard lock(mutex_);
    state_.running = false;
    ++state_.runs;
    if (!look_failed_) state_.last_run = scheduler_.wall_now();
  }
  if (!look_failed_) {
    failed_in_row_ = 0;
    return later(options_.every - random_part(options_.every / 4), &State::begin);
  }
  Duration delay = options_.retry_after;
  for (int i = 0; i < failed_in_row_ && delay < options_.every; ++i)
    delay *= 2;
  ++failed_in_row_;
  delay = std::min(delay, options_.every);
  later(delay - random_part(delay / 2), &State::begin);
}

void RetentionKeeper::State::later(Duration delay, TimedStep step) {
  timer_ = scheduler_.call_at(scheduler_.now() + delay,
                              [self = shared_from_this(), step] { self->take_step(step); });
}

Callback<std::size_t> RetentionKeeper::State::callback(AnsweredStep step) {
  return [answer = std::make_unique<OneAnswer>(shared_from_this(), step)](Answer given) {
    answer->give(std::move(given));
  };
}

void RetentionKeeper::State::answered(AnsweredStep step, Answer answer) {
  // With the lock, so that the scheduler is there: stop() comes before its end.
  const std::lock_guard lock(mutex_);
  if (ended_) return;
  scheduler_.post([self = shared_from_this(), step, answer = std::move(answer)]() mutable {
    self->take_step(step, std::move(answer));
  });
}

void RetentionKeeper::State::failed(const absl::Status& status) {
  look_failed_ = true;
  const std::lock_guard lock(mutex_);
  ++state_.failures;
  state_.last_failure = status;
}

Duration RetentionKeeper::State::random_part(Duration whole) {
  RandomSource& random = options_.random != nullptr ? *options_.random : system_random_;
  const auto range = static_cast<std::uint64_t>(whole.count()) + 1;
  return Duration(static_cast<Duration::rep>(random.next() % range));
}

absl::StatusOr<std::unique_ptr<RetentionKeeper>> RetentionKeeper::make(Scheduler& scheduler,
                                                                       MessageStore& store,
                                                                       RetentionOptions options) {
  if (!options.keep_for && !options.warm_for) {
    return absl::InvalidArgumentError("neither keep_for nor warm_for: there is nothing to do");
  }
  for (const auto& age : {options.keep_for, options.warm_for}) {
    if (!age || (age->count() > 0 && *age <= kAgeMax)) continue;
    return absl::InvalidArgumentError("keep_for and warm_for are above zero, up to 100 years");
  }
  const Duration shortest = std::min(options.every, options.retry_after);
  const Duration longest = std::max({options.every, options.retry_after, options.step_pause});
  if (shortest <= Duration(0) || options.step_pause < Duration(0) || longest > kDelayMax) {
    return absl::InvalidArgumentError("a delay of retention is above zero, up to a year");
  }
  if (options.keep_for && options.warm_for && *options.warm_for >= *options.keep_for) {
    return absl::InvalidArgumentError("warm_for is not below keep_for: nothing would be moved");
  }
  if (options.warm_for.has_value() != (options.move != nullptr)) {
    return absl::InvalidArgumentError("warm_for and move come together");
  }
  if (options.step_messages_max == 0) {
    return absl::InvalidArgumentError("a step of no messages would never end");
  }
  if (options.keep_for && store.retention() == nullptr) {
    return absl::UnimplementedError("this store does not let go of old messages");
  }
  return std::unique_ptr<RetentionKeeper>(
      new RetentionKeeper(std::make_shared<State>(scheduler, store, std::move(options))));
}

RetentionKeeper::RetentionKeeper(std::shared_ptr<State> state) : state_(std::move(state)) {}

RetentionKeeper::~RetentionKeeper() { stop(); }

void RetentionKeeper::start() { state_->start(); }
void RetentionKeeper::stop() { state_->stop(); }
RetentionState RetentionKeeper::state() const { return state_->state(); }

}  // namespace madang
