// SPDX-License-Identifier: Apache-2.0
#include "madang/transport/asio/asio_scheduler.h"

#include <optional>
#include <utility>

#include "asio_types.h"
#include "transport/tcp/timer_queue.h"

namespace madang {

namespace {

MonoTime steady_now() { return MonoTime(std::chrono::steady_clock::now().time_since_epoch()); }

}  // namespace

// One timer of Asio's, set for the first call of the queue. Shared with the wait that is under way,
// which may outlive the scheduler.
class AsioScheduler::Timers : public std::enable_shared_from_this<Timers> {
 public:
  explicit Timers(asio::io_context& context) : timer_(context) {}

  TimerHandle add(MonoTime time, Task task) {
    const TimerHandle handle = queue_.add(time, std::move(task));
    if (!running_) arm();
    return handle;
  }

  void cancel(TimerHandle handle) { queue_.cancel(handle); }

  void close() {
    closed_ = true;
    timer_.cancel();
    // Out of reach first: what a task owns may come back here as it is destroyed.
    const TimerQueue dropped = std::exchange(queue_, {});
  }

 private:
  // A call that was cancelled leaves the timer set for its time: it then fires in vain, which is
  // cheaper than setting it anew for each one.
  void arm() {
    const std::optional<MonoTime> next = queue_.next();
    if (!next || (armed_ && *armed_ <= *next)) return;
    armed_ = next;
    timer_.expires_at(std::chrono::steady_clock::time_point(
        std::chrono::duration_cast<std::chrono::steady_clock::duration>(next->time_since_epoch())));
    timer_.async_wait([self = shared_from_this()](const asio::error_code& error) {
      if (!error && !self->closed_) self->run_due();
    });
  }

  void run_due() {
    // Set anew on the way out, also when a task throws.
    struct Rearm {
      Timers& timers;
      ~Rearm() {
        timers.running_ = false;
        if (!timers.closed_) timers.arm();
      }
    } const rearm{*this};
    armed_.reset();
    running_ = true;
    const MonoTime now = steady_now();
    const TimerHandle last = queue_.last();
    while (!closed_) {
      Task task = queue_.take_due(now, last);
      if (!task) break;
      task();
    }
  }

  AsioTimer timer_;
  TimerQueue queue_;
  std::optional<MonoTime> armed_;
  bool running_ = false;
  bool closed_ = false;
};

AsioScheduler::AsioScheduler(asio::io_context& context)
    : context_(context), timers_(std::make_shared<Timers>(context)) {}

AsioScheduler::~AsioScheduler() { timers_->close(); }

void AsioScheduler::post(Task task) { asio::post(context_, std::move(task)); }

TimerHandle AsioScheduler::call_at(MonoTime time, Task task) {
  return timers_->add(time, std::move(task));
}

void AsioScheduler::cancel(TimerHandle handle) { timers_->cancel(handle); }

bool AsioScheduler::runs_here() const { return context_.get_executor().running_in_this_thread(); }

MonoTime AsioScheduler::now() const { return steady_now(); }

WallTime AsioScheduler::wall_now() const {
  return std::chrono::time_point_cast<WallTime::duration>(std::chrono::system_clock::now());
}

}  // namespace madang
