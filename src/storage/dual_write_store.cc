// SPDX-License-Identifier: Apache-2.0
#include "madang/storage/dual_write_store.h"

#include <algorithm>
#include <utility>

#include "storage/blocking.h"
#include "storage/follower.h"
#include "storage/store_copy.h"
#include "storage/worker.h"

namespace madang {
namespace {

constexpr std::size_t kTasksMax = 16;
constexpr std::size_t kHeldMax = 1000;
constexpr std::size_t kDifferingMax = 1000;

absl::Status no_more() { return absl::UnavailableError("the store is being closed"); }
absl::Status too_much() { return absl::UnavailableError("too much waits for the stores"); }

StoreCopy::Bounds bounds_of(const DualWriteOptions& options) {
  return {.rooms_max = options.page_rooms_max,
          .messages_max = options.page_messages_max,
          .bytes_max = options.page_bytes_max,
          .tries_max = options.tries_max};
}

}  // namespace

DualWriteStore::DualWriteStore(std::unique_ptr<MessageStore> old_store,
                               std::unique_ptr<MessageStore> new_store, DualWriteOptions options)
    : options_(options),
      switched_(options.reads_from_new),
      to_old_(std::make_unique<Follower>(*old_store, options.lag_bytes_max)),
      to_new_(std::make_unique<Follower>(*new_store, options.lag_bytes_max)),
      old_(std::move(old_store)),
      new_(std::move(new_store)),
      worker_(std::make_unique<Worker>(kTasksMax)) {}

DualWriteStore::~DualWriteStore() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    news_.notify_all();
  }
  stop_copy_ = true;
  to_old_->stop();
  to_new_->stop();
  worker_.reset();
  release_held();
  new_.reset();
  old_.reset();
}

MessageStore& DualWriteStore::leader() const {
  const std::lock_guard lock(mutex_);
  return switched_ ? *new_ : *old_;
}

Follower& DualWriteStore::follower() const {
  const std::lock_guard lock(mutex_);
  return switched_ ? *to_old_ : *to_new_;
}

bool DualWriteStore::ended() const {
  const std::lock_guard lock(mutex_);
  return ended_;
}

// --- Changes: to the one that decides, and when it has done them to the other ------------------

void DualWriteStore::make(Change change) {
  MessageStore* leader = nullptr;
  {
    const std::lock_guard lock(mutex_);
    if (switching_ && !ended_ && held_.size() < kHeldMax) {
      held_.push_back(std::move(change));
      return;
    }
    if (!switching_ && !ended_) {
      ++under_way_;
      leader = switched_ ? new_.get() : old_.get();
    }
  }
  change(leader);
}

void DualWriteStore::change_is_made() {
  const std::lock_guard lock(mutex_);
  --under_way_;
  news_.notify_all();
}

void DualWriteStore::release_held() {
  std::vector<Change> held;
  {
    const std::lock_guard lock(mutex_);
    switching_ = false;
    held.swap(held_);
  }
  for (auto& change : held)
    make(std::move(change));
}

void DualWriteStore::append(MessageBatch batch, Callback<AppendResult> done) {
  make([this, batch = std::move(batch), done = std::move(done)](MessageStore* leader) mutable {
    if (leader == nullptr) return done(too_much());
    auto copy = batch;
    leader->append(std::move(copy), [this, batch = std::move(batch), done = std::move(done)](
                                        absl::StatusOr<AppendResult> result) mutable {
      if (result.ok() && result->refused.empty()) follower().append(std::move(batch));
      change_is_made();
      done(std::move(result));
    });
  });
}

void DualWriteStore::remove(std::string room, std::uint64_t offset, StatusCallback done) {
  make(
      [this, room = std::move(room), offset, done = std::move(done)](MessageStore* leader) mutable {
        if (leader == nullptr) return done(too_much());
        leader->remove(room, offset,
                       [this, room, offset, done = std::move(done)](absl::Status status) mutable {
                         if (status.ok()) follower().remove(std::move(room), offset);
                         change_is_made();
                         done(std::move(status));
                       });
      });
}

void DualWriteStore::expire(WallTime before, std::size_t messages_max, Callback<std::size_t> done) {
  make([this, before, messages_max, done = std::move(done)](MessageStore* leader) mutable {
    if (leader == nullptr) return done(too_much());
    leader->retention()->expire(before, messages_max,
                                [this, before, messages_max, done = std::move(done)](
                                    absl::StatusOr<std::size_t> count) mutable {
                                  if (count.ok()) follower().expire(before, messages_max);
                                  change_is_made();
                                  done(std::move(count));
                                });
  });
}

// --- Questions: to the one that decides ---------------------------------------------------------

void DualWriteStore::load(LoadRequest request, Callback<StoredRoom> done) {
  Continuity at_worst = Continuity::kComplete;
  MessageStore* leader = nullptr;
  {
    const std::lock_guard lock(mutex_);
    leader = switched_ ? new_.get() : old_.get();
    // The new store knows nothing of what happened to the old one before it was copied.
    if (switched_) at_worst = worst_;
  }
  leader->load(std::move(request),
               [at_worst, done = std::move(done)](absl::StatusOr<StoredRoom> room) mutable {
                 if (room.ok()) room->continuity = std::max(room->continuity, at_worst);
                 done(std::move(room));
               });
}

void DualWriteStore::read(PageRequest request, Callback<StoredPage> done) {
  leader().read(std::move(request), std::move(done));
}

void DualWriteStore::rooms(std::string after, std::size_t rooms_max,
                           Callback<std::vector<RoomSummary>> done) {
  leader().retention()->rooms(std::move(after), rooms_max, std::move(done));
}

void DualWriteStore::search(SearchQuery query, Callback<SearchPage> done) {
  leader().search()->search(std::move(query), std::move(done));
}

Duration DualWriteStore::lease_left() const { return leader().lease_left(); }

MessageSearch* DualWriteStore::search() {
  return old_->search() != nullptr && new_->search() != nullptr ? this : nullptr;
}

MessageRetention* DualWriteStore::retention() { return this; }

// --- Beginning, end and what happens between ----------------------------------------------------

void DualWriteStore::open(Callback<OpenResult> done) {
  if (old_->retention() == nullptr || new_->retention() == nullptr) {
    return done(absl::InvalidArgumentError("a store that is to be exchanged needs retention()"));
  }
  old_->open([this, done = std::move(done)](absl::StatusOr<OpenResult> old_opened) mutable {
    if (!old_opened.ok()) return done(std::move(old_opened));
    new_->open([this, old_opened = *std::move(old_opened),
                done = std::move(done)](absl::StatusOr<OpenResult> new_opened) mutable {
      if (new_opened.ok()) {
        const bool reads_from_new = &leader() == new_.get();
        return done(reads_from_new ? *std::move(new_opened) : std::move(old_opened));
      }
      old_->close([new_opened = std::move(new_opened), done = std::move(done)](
                      const absl::Status&) mutable { done(std::move(new_opened)); });
    });
  });
}

void DualWriteStore::work(absl::AnyInvocable<absl::Status()> task, StatusCallback done) {
  // Whether the worker took it is known only after it may have run, so both share the callback.
  auto shared = std::make_shared<StatusCallback>(std::move(done));
  const bool taken = worker_->post([this, shared, task = std::move(task)]() mutable {
    (*shared)(ended() ? no_more() : task());
  });
  if (!taken) (*shared)(absl::ResourceExhaustedError("too many calls wait"));
}

void DualWriteStore::backfill(absl::AnyInvocable<void(const BackfillProgress&)> progress,
                              StatusCallback done) {
  work([this, progress = std::move(progress)]() mutable { return backfill_now(progress); },
       std::move(done));
}

absl::Status DualWriteStore::backfill_now(
    absl::AnyInvocable<void(const BackfillProgress&)>& progress) {
  auto& from = leader();
  auto& to = &from == old_.get() ? *new_ : *old_;
  StoreCopy copy(from, to, follower(), stop_copy_, bounds_of(options_));
  BackfillProgress all;
  while (all.pass < options_.passes_max) {
    ++all.pass;
    const auto dropped = follower().dropped();
    const auto before = all.copied;
    StoreCopy::Pass pass;
    const auto tell = [&] {
      all.rooms = pass.rooms;
      all.copied = before + pass.copied;
      if (progress) progress(all);
    };
    const auto status = copy.fill(pass, tell);
    {
      const std::lock_guard lock(mutex_);
      if (!switched_) worst_copied_ = std::max(worst_copied_, pass.worst);
    }
    if (!status.ok()) return status;
    if (!pass.clean() || follower().dropped() != dropped) continue;
    if (pass.different > 0) {
      // It may have been a removal on its way.
      const auto differing = copy.differing(1);
      if (!differing.ok()) return differing.status();
      if (!differing->empty()) {
        return absl::DataLossError("the stores hold different messages in the same places");
      }
    }
    const std::lock_guard lock(mutex_);
    if (!switched_) {
      worst_ = pass.worst;
      complete_at_ = dropped;
    }
    return absl::OkStatus();
  }
  return absl::ResourceExhaustedError("the store that follows does not keep up");
}

void DualWriteStore::verify(Callback<std::vector<std::string>> done) {
  auto names = std::make_shared<std::vector<std::string>>();
  work(
      [this, names] {
        auto& from = leader();
        auto& to = &from == old_.get() ? *new_ : *old_;
        StoreCopy copy(from, to, follower(), stop_copy_, bounds_of(options_));
        auto differing = copy.differing(kDifferingMax);
        if (differing.ok()) *names = *std::move(differing);
        return differing.status();
      },
      [names, done = std::move(done)](absl::Status status) mutable {
        if (!status.ok()) return done(std::move(status));
        done(std::move(*names));
      });
}

void DualWriteStore::switch_reads(StatusCallback done) {
  work([this] { return switch_now(); }, std::move(done));
}

absl::Status DualWriteStore::switch_now() {
  {
    const std::lock_guard lock(mutex_);
    if (switched_) return absl::FailedPreconditionError("the new store decides already");
    switching_ = true;
  }
  auto status = switch_when_quiet();
  release_held();
  return status;
}

absl::Status DualWriteStore::switch_when_quiet() {
  {
    std::unique_lock lock(mutex_);
    news_.wait(lock, [this] { return under_way_ == 0 || ended_; });
    if (ended_) return no_more();
  }
  if (auto status = to_new_->fill({}, options_.tries_max); !status.ok()) return status;
  const std::lock_guard lock(mutex_);
  if (complete_at_ != to_new_->dropped() || to_new_->refused() > 0) {
    return absl::FailedPreconditionError("something may be missing in the new store");
  }
  if (worst_ == Continuity::kBroken) {
    return absl::FailedPreconditionError("rooms of the old store are of another lineage");
  }
  switched_ = true;
  return absl::OkStatus();
}

void DualWriteStore::stop_old(StatusCallback done) {
  work([this] { return stop_old_now(); }, std::move(done));
}

absl::Status DualWriteStore::stop_old_now() {
  {
    const std::lock_guard lock(mutex_);
    if (!switched_) return absl::FailedPreconditionError("the old store decides still");
    if (std::exchange(old_stopped_, true)) {
      return absl::FailedPreconditionError("the old store is stopped already");
    }
  }
  // A good end: what it should have got it was given, or it is no more asked.
  const auto followed = to_old_->fill({}, options_.tries_max);
  to_old_->stop();
  const auto closed =
      wait_for_status([&](StatusCallback closed_old) { old_->close(std::move(closed_old)); });
  return followed.ok() ? closed : followed;
}

void DualWriteStore::close(StatusCallback done) {
  stop_copy_ = true;
  work([this] { return close_now(); }, std::move(done));
}

absl::Status DualWriteStore::close_now() {
  // What does not arrive now is found by the next backfill().
  follower().fill({}, options_.tries_max).IgnoreError();
  to_old_->stop();
  to_new_->stop();
  bool old_stopped = false, new_ends_cleanly = false;
  {
    const std::lock_guard lock(mutex_);
    old_stopped = old_stopped_;
    new_ends_cleanly = worst_copied_ == Continuity::kComplete;
  }
  auto old_closed = absl::OkStatus();
  if (!old_stopped) {
    old_closed = wait_for_status([&](StatusCallback closed) { old_->close(std::move(closed)); });
  }
  auto new_closed = absl::OkStatus();
  if (new_ends_cleanly) {
    new_closed = wait_for_status([&](StatusCallback closed) { new_->close(std::move(closed)); });
  } else {
    new_.reset();
  }
  return old_closed.ok() ? new_closed : old_closed;
}

}  // namespace madang
