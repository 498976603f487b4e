// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "madang/storage/message_retention.h"
#include "madang/storage/message_store.h"
#include "storage/follower.h"

namespace madang {

// Makes one store hold what another holds, while both are in use, page by page: for a thread that
// may wait for the stores. All it writes goes through the follower of the second store, behind what
// is under way there.
class StoreCopy {
 public:
  struct Bounds {
    std::size_t rooms_max = 100;
    std::size_t messages_max = 500;
    std::size_t bytes_max = std::size_t{1} << 20;
    int tries_max = 20;
  };
  struct Pass {
    std::size_t rooms = 0;
    std::size_t copied = 0;
    std::size_t removed = 0;    // rooms in which the second had what the first has removed
    std::size_t different = 0;  // messages of the second that the first has not, or has otherwise
    Continuity worst = Continuity::kComplete;  // of a room in the first

    bool clean() const { return copied == 0 && removed == 0; }
  };

  // All of these outlive it. It ends with Unavailable when `stop` is set.
  StoreCopy(MessageStore& from, MessageStore& to, Follower& follower, const std::atomic<bool>& stop,
            const Bounds& bounds)
      : from_(from), to_(to), follower_(follower), stop_(stop), bounds_(bounds) {}

  // Goes through all rooms once and copies what is missing. Calls `progress` now and then.
  absl::Status fill(Pass& pass, const std::function<void()>& progress);

  // The rooms that are not the same in both, at most `rooms_max` of them.
  absl::StatusOr<std::vector<std::string>> differing(std::size_t rooms_max);

 private:
  struct Compared {
    MessageBatch missing = {};
    std::size_t different = 0;  // or only in the second
  };
  using RoomTask = std::function<absl::Status(const RoomSummary&)>;

  absl::Status each_room(MessageStore& store, const RoomTask& task,
                         const std::function<void()>& turn);
  absl::Status fill_room(const RoomSummary& room, Pass& pass);
  absl::Status fill_messages(const RoomSummary& room, Pass& pass);
  absl::Status fill_empty(const RoomSummary& room, Pass& pass);
  absl::StatusOr<bool> same_room(const std::string& room);

  absl::StatusOr<StoredRoom> load(MessageStore& store, const std::string& room);
  // One page of the messages above `cursor` up to `last`.
  absl::StatusOr<MessageBatch> page(MessageStore& store, const std::string& room,
                                    std::uint64_t cursor, std::uint64_t last);
  // Holds the second's messages above `cursor` up to `last` against those of the first.
  absl::StatusOr<Compared> compared(const std::string& room, std::uint64_t cursor,
                                    const MessageBatch& wanted, std::uint64_t last);
  absl::Status wait_for_follower() { return follower_.fill({}, bounds_.tries_max); }

  MessageStore& from_;
  MessageStore& to_;
  Follower& follower_;
  const std::atomic<bool>& stop_;
  const Bounds bounds_;
};

}  // namespace madang
