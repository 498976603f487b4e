// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <string>

#include "madang/storage/message_store.h"

namespace madang {

// Does in one store what was done in another, in the same order and a little later. Keeps the rule
// that append() has one batch at a time and gets one without a clear answer again. What does not
// fit in its queue it drops, and says so. Any thread.
class Follower {
 public:
  // Nothing is called in `store` after stop(). At most `bytes_max` wait, and
  // what fill() brings.
  Follower(MessageStore& store, std::size_t bytes_max) : store_(store), bytes_max_(bytes_max) {}

  // To be done after what was asked for before; dropped if too much waits, or the store is lost.
  void append(MessageBatch batch);
  void remove(std::string room, std::uint64_t offset);
  void expire(WallTime before, std::size_t messages_max);

  // A batch that is not dropped, for one caller that waits: returns when all up to it was done, or
  // with what the store said after `tries_max` tries in which nothing went well. An empty one only
  // waits.
  absl::Status fill(MessageBatch batch, int tries_max);

  // How much was dropped so far. If that has not changed since something was complete, it still is.
  std::uint64_t dropped() const;
  // How many messages the store refused for ever, because others are in their places.
  std::uint64_t refused() const;

  // Drops all that waits; who waits in fill() is told Unavailable.
  void stop();

 private:
  using Change = std::function<void(MessageStore&, StatusCallback)>;
  struct Work {
    MessageBatch batch = {};
    Change change = {};  // in place of a batch
    std::size_t bytes = 0;
    bool given = false;  // to the store at least once, and so not to be changed
    std::uint64_t number = 0;
  };

  void add_change(Change change, std::size_t bytes);
  void add(Work work);
  // Gives the store what is next, unless it has something.
  void drive();
  void give(const Work& work);
  void appended(absl::StatusOr<AppendResult> result);
  void answered(const absl::Status& status);
  void pop();

  MessageStore& store_;
  const std::size_t bytes_max_;

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable news_;
  std::deque<Work> queue_;
  std::size_t bytes_ = 0;
  bool busy_ = false;     // the store has the first of the queue
  bool driving_ = false;  // drive() runs in some thread
  absl::Status stuck_;    // not OK: what it said to the first, which waits for another try
  absl::Status ended_;    // not OK: nothing is done any more
  std::uint64_t numbers_ = 0;
  std::uint64_t done_ = 0;  // the number of the last that was done
  std::uint64_t gone_well_ = 0;
  std::uint64_t dropped_ = 0;
  std::uint64_t refused_ = 0;
};

}  // namespace madang
