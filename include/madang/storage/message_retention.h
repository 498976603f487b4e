// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "madang/storage/message_store.h"

namespace madang {

struct RoomSummary {
  std::string room;
  std::uint64_t first = 0;  // the oldest offset that can be read; top + 1: none
  std::uint64_t top = 0;
  std::string epoch = {};
  WallTime oldest = {};  // the time of `first`; meaningless if there is none
};

// What one needs to let go of old messages, to move them elsewhere, and to copy a store. Not the
// engine alone calls it, so calls may come after close() too: expire() is refused then.
class MessageRetention {
 public:
  virtual ~MessageRetention() = default;

  // The rooms whose names come after `after`, in the order of their bytes, at most `rooms_max`. An
  // empty answer is the end.
  virtual void rooms(std::string after, std::size_t rooms_max,
                     Callback<std::vector<RoomSummary>> done) = 0;

  // Removes messages older than `before`, at most `messages_max` in one call; answers how many.
  // Fewer than that: there are no more. Rooms keep their top and epoch.
  virtual void expire(WallTime before, std::size_t messages_max, Callback<std::size_t> done) = 0;
};

}  // namespace madang
