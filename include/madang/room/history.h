// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "madang/base/ring.h"
#include "madang/room/event.h"
#include "madang/room/room_options.h"

namespace madang {

// The kept messages of a room, with offsets that grow by one, bounded by number, bytes and age.
// Pure state: told the time, never asks for it.
class History {
 public:
  explicit History(const HistoryOptions& options) : options_(options) {}

  std::size_t size() const { return events_.size(); }
  bool empty() const { return events_.empty(); }

  // The offset of the newest message ever kept; 0 before the first.
  std::uint64_t top() const { return top_; }
  // The offset of the oldest message here; one above top() if there is none.
  std::uint64_t first() const { return top_ + 1 - events_.size(); }

  const EventRef& at(std::uint64_t offset) const {
    return events_[static_cast<std::size_t>(offset - first())];
  }

  // Takes a message whose offset is top() + 1, and lets go of the oldest above the bounds.
  void append(EventRef event);

  // Messages above this offset are not let go of, whatever the bounds say: they are nowhere else.
  // The bounds hold again as soon as the offset has grown.
  void hold_above(std::uint64_t offset);

  // The last offset there was before this memory of it; only before the first append().
  void start_at(std::uint64_t top) { top_ = top; }

  // Lets go of what is past its age at `now`.
  void expire(MonoTime now);

  // Forgets the messages up to `offset`, and not the top.
  void clear(std::uint64_t offset);

  // Appends messages above `after` (or below `before`, newest first) to `page`, until one of the
  // bounds is met; the first message always fits. Offsets outside what is here are skipped.
  void read_up(std::uint64_t after, std::size_t messages_max, std::size_t bytes_max,
               std::vector<EventRef>& page) const;
  void read_down(std::uint64_t before, std::size_t messages_max, std::size_t bytes_max,
                 std::vector<EventRef>& page) const;

  // When expire() will next have something to do. Only if not empty.
  MonoTime next_expiry() const { return events_.front()->appended + options_.age_max; }

 private:
  void drop_oldest();
  void shrink();

  bool may_drop() const { return !events_.empty() && first() <= hold_above_; }

  const HistoryOptions options_;
  Ring<EventRef> events_;
  std::uint64_t hold_above_ = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t top_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace madang
