// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <atomic>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "madang/base/callback.h"
#include "madang/base/random.h"
#include "madang/base/ring.h"
#include "madang/base/scheduler.h"
#include "madang/storage/message_store.h"

namespace madang {

// The bounds of one pipeline. At any of the first three it is full, which is an answer to whoever
// wants to put something in, and nothing that is in is dropped.
struct WriteBehindLimits {
  std::size_t records_max = 65'536;
  std::size_t bytes_max = 64 * 1024 * 1024;
  // Of the oldest record that is not written. Together with the time of one write it bounds what a
  // crash can lose.
  Duration age_max = std::chrono::seconds(5);

  // A store that syncs each batch takes more a second in fewer batches: a quarter more messages in
  // SQLite in batches of this than in those of 4,096 (bench/storage).
  std::size_t batch_records_max = 16'384;
  std::size_t batch_bytes_max = 8 * 1024 * 1024;
  // A batch waits this long for company. A full one does not wait. Nobody waits for the batch, and
  // each costs a store a sync, so it is worth more than a few milliseconds.
  Duration batch_delay = std::chrono::milliseconds(50);

  // Between two tries: the first, doubled each time up to the second; of that a random half.
  Duration retry_min = std::chrono::milliseconds(20);
  Duration retry_max = std::chrono::seconds(5);
};

// What a host watches a pipeline by.
struct WriteBehindState {
  std::size_t records = 0;  // not written yet
  std::size_t bytes = 0;
  Duration age = {};  // of the oldest of them
  std::uint64_t written = 0;
  std::uint64_t batches = 0;
  std::uint64_t failures = 0;  // tries that will be repeated
  std::uint64_t refused = 0;   // records that were never written
  std::uint64_t full = 0;      // times that there was no room for one
  bool failing = false;        // the last try failed
  bool stopped = false;        // no try will succeed
};

// Records on their way to a store, in the order they were put in: a bounded queue that is written
// in batches, one at a time, and a batch that fails again and again until it is known what became
// of it. For messages, bids, snapshots.
//
// reserve(), put() and wake() from any thread, without a lock; all else, and the calls of the
// Writer, in tasks of the scheduler. It must not be destroyed while another thread can reach it.
template <typename Record>
class WriteBehind {
 public:
  // The way to the store.
  class Writer {
   public:
    // Writes the records, all or none. They stay where they are until `done`, which may be called
    // on any thread, at once too.
    virtual void write(std::span<Record> batch, Callback<AppendResult> done) = 0;
    // They are kept for good.
    virtual void written(std::span<Record> batch) = 0;
    // This one never will be. What comes after it goes on, unless `why` is FailedPrecondition: then
    // no record will ever be written again, and each is refused.
    virtual void refused(Record& record, const absl::Status& why) = 0;

   protected:
    ~Writer() = default;
  };

  WriteBehind(Scheduler& scheduler, const WriteBehindLimits& limits, Writer& writer,
              std::uint64_t seed)
      : scheduler_(scheduler), limits_(limits), writer_(writer), random_(seed) {}
  WriteBehind(const WriteBehind&) = delete;
  WriteBehind& operator=(const WriteBehind&) = delete;
  ~WriteBehind() {
    for (Node* node = incoming_.load(); node != nullptr;)
      delete std::exchange(node, node->next);
  }

  // --- Any thread ------------------------------------------------------------------------------
  // Makes room for one record. If it answers true, put() or release() must follow.
  bool reserve(std::size_t bytes, MonoTime now) {
    const bool fits = records_.fetch_add(1, std::memory_order_relaxed) < limits_.records_max;
    const bool bytes_fit =
        bytes_.fetch_add(bytes, std::memory_order_relaxed) + bytes <= limits_.bytes_max;
    if (fits && bytes_fit && !too_old(now) && !stopped_.load(std::memory_order_relaxed)) {
      return true;
    }
    release(bytes);
    full_.fetch_add(1, std::memory_order_relaxed);
    return false;
  }
  void release(std::size_t bytes) {
    records_.fetch_sub(1, std::memory_order_relaxed);
    bytes_.fetch_sub(bytes, std::memory_order_relaxed);
  }
  // If it answers true, call wake() as soon as no lock is held.
  [[nodiscard]] bool put(Record record, std::size_t bytes, MonoTime now) {
    auto* const node = new Node{std::move(record), bytes, now};
    node->next = incoming_.load(std::memory_order_relaxed);
    while (!incoming_.compare_exchange_weak(node->next, node, std::memory_order_release,
                                            std::memory_order_relaxed)) {
    }
    return !woken_.exchange(true, std::memory_order_acq_rel);
  }
  void wake() {
    scheduler_.post([this, alive = std::weak_ptr(alive_)] {
      if (!alive.expired()) turn();
    });
  }

  bool failing() const { return failing_.load(std::memory_order_relaxed); }
  WriteBehindState state(MonoTime now) const {
    WriteBehindState state;
    state.records = records_.load(std::memory_order_relaxed);
    state.bytes = bytes_.load(std::memory_order_relaxed);
    state.age = age(now);
    state.written = written_.load(std::memory_order_relaxed);
    state.batches = batches_.load(std::memory_order_relaxed);
    state.failures = failures_.load(std::memory_order_relaxed);
    state.refused = refused_.load(std::memory_order_relaxed);
    state.full = full_.load(std::memory_order_relaxed);
    state.failing = failing();
    state.stopped = stopped_.load(std::memory_order_relaxed);
    return state;
  }

  // --- The scheduler's ---------------------------------------------------------------------------
  // Writes what waits without delay, and calls `done` as soon as nothing waits. One at a time.
  void flush(Task done) {
    flushed_ = std::move(done);
    turn();
  }

 private:
  static constexpr std::int64_t kNone = std::numeric_limits<std::int64_t>::min();

  struct Node {
    Record record;
    std::size_t bytes;
    MonoTime put_at;
    Node* next = nullptr;
  };
  struct Waiting {
    Record record;
    std::size_t bytes = 0;
    MonoTime put_at;
  };

  Duration age(MonoTime now) const {
    const auto oldest = oldest_.load(std::memory_order_relaxed);
    return oldest == kNone ? Duration() : now.time_since_epoch() - Duration(oldest);
  }
  bool too_old(MonoTime now) const { return age(now) > limits_.age_max; }

  void take_incoming() {
    woken_.store(false, std::memory_order_release);
    Node* taken = incoming_.exchange(nullptr, std::memory_order_acq_rel);
    Node* first = nullptr;
    while (taken != nullptr) {
      Node* const next = std::exchange(taken->next, first);
      first = std::exchange(taken, next);
    }
    while (first != nullptr) {
      const std::unique_ptr<Node> node(std::exchange(first, first->next));
      waiting_bytes_ += node->bytes;
      waiting_.push_back({std::move(node->record), node->bytes, node->put_at});
    }
  }

  void turn() {
    take_incoming();
    note_oldest();
    if (!stopped_why_.ok()) refuse_all();
    if (writing_ || retry_set_) return;
    if (waiting_.empty()) {
      // What put() is bringing at this moment wakes us, or its reservation is given back.
      if (flushed_ && records_.load(std::memory_order_acquire) == 0) {
        std::exchange(flushed_, nullptr)();
      }
      return;
    }
    const bool full =
        waiting_.size() >= limits_.batch_records_max || waiting_bytes_ >= limits_.batch_bytes_max;
    const MonoTime due = waiting_.front().put_at + limits_.batch_delay;
    if (!full && !flushed_ && due > scheduler_.now()) return call_at(due, delay_set_);
    fill_batch();
    write();
  }

  void fill_batch() {
    std::size_t bytes = 0;
    while (!waiting_.empty() && batch_.size() < limits_.batch_records_max &&
           (batch_.empty() || bytes + waiting_.front().bytes <= limits_.batch_bytes_max)) {
      Waiting next = waiting_.pop_front();
      waiting_bytes_ -= next.bytes;
      bytes += next.bytes;
      if (batch_.empty()) batch_put_at_ = next.put_at;
      batch_.push_back(std::move(next.record));
      batch_bytes_.push_back(next.bytes);
    }
  }

  void write() {
    assert(!batch_.empty());
    writing_ = true;
    writer_.write(batch_, [this, alive = std::weak_ptr(alive_),
                           &scheduler = scheduler_](absl::StatusOr<AppendResult> result) mutable {
      scheduler.post([this, alive = std::move(alive), result = std::move(result)] {
        if (!alive.expired()) answered(result);
      });
    });
  }

  void answered(const absl::StatusOr<AppendResult>& result) {
    writing_ = false;
    if (!result.ok()) return failed(result.status());
    failing_.store(false, std::memory_order_relaxed);
    retry_delay_ = Duration();
    if (!result->refused.empty()) {
      drop_refused(result->refused);
      if (!batch_.empty()) return write();
      return turn();
    }
    written_.fetch_add(batch_.size(), std::memory_order_relaxed);
    batches_.fetch_add(1, std::memory_order_relaxed);
    auto batch = std::exchange(batch_, {});
    for (const std::size_t bytes : std::exchange(batch_bytes_, {}))
      release(bytes);
    writer_.written(batch);
    turn();
  }

  void drop_refused(const std::vector<Refusal>& refusals) {
    std::vector<Record> kept;
    std::vector<std::size_t> kept_bytes;
    for (std::size_t i = 0; i < batch_.size(); ++i) {
      const auto refusal = std::find_if(refusals.begin(), refusals.end(),
                                        [i](const Refusal& one) { return one.index == i; });
      if (refusal == refusals.end()) {
        kept.push_back(std::move(batch_[i]));
        kept_bytes.push_back(batch_bytes_[i]);
        continue;
      }
      refuse(batch_[i], batch_bytes_[i], refusal->status);
    }
    batch_ = std::move(kept);
    batch_bytes_ = std::move(kept_bytes);
  }

  void failed(const absl::Status& why) {
    failing_.store(true, std::memory_order_relaxed);
    failures_.fetch_add(1, std::memory_order_relaxed);
    if (why.code() == absl::StatusCode::kFailedPrecondition) {
      stopped_.store(true, std::memory_order_relaxed);
      stopped_why_ = why;
      return turn();
    }
    retry_delay_ = std::clamp(2 * retry_delay_, limits_.retry_min, limits_.retry_max);
    const auto half = retry_delay_ / 2;
    const Duration jitter(random_.next() % static_cast<std::uint64_t>(half.count() + 1));
    retry_set_ = true;
    scheduler_.call_at(scheduler_.now() + half + jitter, [this, alive = std::weak_ptr(alive_)] {
      if (alive.expired()) return;
      retry_set_ = false;
      write();
    });
  }

  void refuse_all() {
    for (std::size_t i = 0; i < batch_.size(); ++i)
      refuse(batch_[i], batch_bytes_[i], stopped_why_);
    batch_.clear();
    batch_bytes_.clear();
    while (!waiting_.empty()) {
      Waiting next = waiting_.pop_front();
      waiting_bytes_ -= next.bytes;
      refuse(next.record, next.bytes, stopped_why_);
    }
    note_oldest();
  }

  void refuse(Record& record, std::size_t bytes, const absl::Status& why) {
    refused_.fetch_add(1, std::memory_order_relaxed);
    release(bytes);
    writer_.refused(record, why);
  }

  void call_at(MonoTime time, bool& set) {
    if (std::exchange(set, true)) return;
    scheduler_.call_at(time, [this, &set, alive = std::weak_ptr(alive_)] {
      if (alive.expired()) return;
      set = false;
      turn();
    });
  }

  void note_oldest() {
    std::int64_t oldest = kNone;
    if (!batch_.empty()) {
      oldest = batch_put_at_.time_since_epoch().count();
    } else if (!waiting_.empty()) {
      oldest = waiting_.front().put_at.time_since_epoch().count();
    }
    oldest_.store(oldest, std::memory_order_relaxed);
  }

  Scheduler& scheduler_;
  const WriteBehindLimits limits_;
  Writer& writer_;
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>();  // gone: tasks do nothing

  // Shared between threads.
  std::atomic<Node*> incoming_{nullptr};
  std::atomic<bool> woken_{false};
  std::atomic<bool> failing_{false}, stopped_{false};
  std::atomic<std::size_t> records_{0}, bytes_{0};
  std::atomic<std::int64_t> oldest_{kNone};  // when it was put in
  std::atomic<std::uint64_t> written_{0}, batches_{0}, failures_{0}, refused_{0}, full_{0};

  // The scheduler's.
  absl::Status stopped_why_;
  SeededRandom random_;
  Ring<Waiting> waiting_;
  std::size_t waiting_bytes_ = 0;
  std::vector<Record> batch_;  // being written
  std::vector<std::size_t> batch_bytes_;
  MonoTime batch_put_at_;
  bool writing_ = false;
  bool retry_set_ = false;
  bool delay_set_ = false;
  Duration retry_delay_{};
  Task flushed_;
};

}  // namespace madang
