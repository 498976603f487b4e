// SPDX-License-Identifier: Apache-2.0
#include "storage/follower.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <iterator>
#include <set>
#include <utility>

#include "madang/storage/message_retention.h"

namespace madang {
namespace {

// What waits is made one batch up to here, so that a store that is late catches up.
constexpr std::size_t kJoinedBytesMax = 1024 * 1024;

// Between two tries of who waits. Traffic tries as well.
constexpr std::chrono::milliseconds kPause{20};

bool may_pass(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsResourceExhausted(status);
}

std::size_t bytes_of(const MessageBatch& batch) {
  std::size_t bytes = 0;
  for (const auto& message : batch)
    bytes += message.bytes();
  return bytes;
}

}  // namespace

void Follower::append(MessageBatch batch) {
  const auto bytes = bytes_of(batch);
  {
    const std::lock_guard lock(mutex_);
    if (!ended_.ok() || bytes_ + bytes > bytes_max_) {
      ++dropped_;
      return;
    }
    stuck_ = absl::OkStatus();
    auto* last = queue_.empty() ? nullptr : &queue_.back();
    if (last != nullptr && !last->given && !last->change && last->number == 0 &&
        last->bytes + bytes <= kJoinedBytesMax) {
      last->batch.insert(last->batch.end(), std::make_move_iterator(batch.begin()),
                         std::make_move_iterator(batch.end()));
      last->bytes += bytes;
      bytes_ += bytes;
    } else {
      add({.batch = std::move(batch), .bytes = bytes});
    }
  }
  drive();
}

void Follower::remove(std::string room, std::uint64_t offset) {
  const auto bytes = sizeof(Work) + room.size();
  add_change(
      [room = std::move(room), offset](MessageStore& store, StatusCallback done) {
        store.remove(room, offset, std::move(done));
      },
      bytes);
}

void Follower::expire(WallTime before, std::size_t messages_max) {
  add_change(
      [before, messages_max](MessageStore& store, StatusCallback done) {
        store.retention()->expire(
            before, messages_max,
            [done = std::move(done)](absl::StatusOr<std::size_t> count) mutable {
              done(count.status());
            });
      },
      sizeof(Work));
}

void Follower::add_change(Change change, std::size_t bytes) {
  {
    const std::lock_guard lock(mutex_);
    if (!ended_.ok() || bytes_ + bytes > bytes_max_) {
      ++dropped_;
      return;
    }
    stuck_ = absl::OkStatus();
    add({.change = std::move(change), .bytes = bytes});
  }
  drive();
}

void Follower::add(Work work) {
  bytes_ += work.bytes;
  queue_.push_back(std::move(work));
}

absl::Status Follower::fill(MessageBatch batch, int tries_max) {
  std::unique_lock lock(mutex_);
  const auto number = ++numbers_;
  const auto bytes = bytes_of(batch);
  if (ended_.ok()) add({.batch = std::move(batch), .bytes = bytes, .number = number});
  const auto over = [&] { return !ended_.ok() || done_ >= number; };
  auto failures = 0;
  while (!over()) {
    stuck_ = absl::OkStatus();
    const auto gone_well = gone_well_;
    lock.unlock();
    drive();
    lock.lock();
    news_.wait(lock, [&] { return over() || !stuck_.ok(); });
    if (over() || stuck_.ok()) continue;
    failures = gone_well_ == gone_well ? failures + 1 : 1;
    if (failures >= tries_max) {
      std::erase_if(queue_, [&](const Work& work) {
        const bool mine = work.number == number && !work.given;
        bytes_ -= mine ? work.bytes : 0;
        return mine;
      });
      return stuck_;
    }
    news_.wait_for(lock, kPause, over);
  }
  return done_ >= number ? absl::OkStatus() : ended_;
}

std::uint64_t Follower::dropped() const {
  const std::lock_guard lock(mutex_);
  return dropped_;
}

std::uint64_t Follower::refused() const {
  const std::lock_guard lock(mutex_);
  return refused_;
}

void Follower::stop() {
  std::unique_lock lock(mutex_);
  if (ended_.ok()) ended_ = absl::UnavailableError("nothing is copied any more");
  dropped_ += queue_.size();
  if (!busy_) {
    queue_.clear();
    bytes_ = 0;
  }
  news_.notify_all();
  // Nobody calls the store when this returns.
  news_.wait(lock, [this] { return !driving_; });
}

void Follower::drive() {
  std::unique_lock lock(mutex_);
  // Whoever drives already looks again when the store has answered.
  if (driving_) return;
  driving_ = true;
  while (ended_.ok() && !busy_ && stuck_.ok() && !queue_.empty()) {
    auto& first = queue_.front();
    if (first.batch.empty() && !first.change) {
      pop();
      continue;
    }
    busy_ = true;
    first.given = true;
    // The store gets a copy: it may have to get the same again.
    const auto work = first;
    lock.unlock();
    give(work);
    lock.lock();
  }
  driving_ = false;
  news_.notify_all();
}

void Follower::give(const Work& work) {
  if (work.change) {
    work.change(store_, [this](absl::Status status) { answered(status); });
  } else {
    store_.append(work.batch,
                  [this](absl::StatusOr<AppendResult> result) { appended(std::move(result)); });
  }
}

void Follower::appended(absl::StatusOr<AppendResult> result) {
  if (!result.ok() || result->refused.empty()) return answered(result.status());
  std::size_t refused = 0;
  {
    const std::lock_guard lock(mutex_);
    // Nothing of it is stored, so what is left may go on as another batch.
    auto& batch = queue_.front().batch;
    std::set<std::size_t, std::greater<>> indexes;
    for (const auto& refusal : result->refused)
      indexes.insert(refusal.index);
    for (const auto index : indexes) {
      if (index >= batch.size()) continue;
      batch.erase(batch.begin() + static_cast<std::ptrdiff_t>(index));
      ++refused;
    }
    refused_ += refused;
    if (refused > 0) busy_ = false;
  }
  if (refused == 0) return answered(absl::InternalError("a store refused what it was not given"));
  drive();
}

void Follower::answered(const absl::Status& status) {
  {
    const std::lock_guard lock(mutex_);
    busy_ = false;
    if (status.ok()) {
      pop();
    } else if (may_pass(status)) {
      stuck_ = status;
    } else if (ended_.ok()) {
      ended_ = status;
      ++dropped_;
    }
    news_.notify_all();
  }
  drive();
}

void Follower::pop() {
  const auto& first = queue_.front();
  bytes_ -= first.bytes;
  done_ = std::max(done_, first.number);
  ++gone_well_;
  queue_.pop_front();
  news_.notify_all();
}

}  // namespace madang
