// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "madang/base/ring.h"
#include "madang/room/event.h"

namespace madang {

// The newest events of a room, numbered without a gap. Pure state; its room keeps the bounds.
class Tail {
 public:
  std::size_t size() const { return events_.size(); }
  std::size_t bytes() const { return bytes_; }
  // Of all events there ever were.
  std::uint64_t bytes_appended() const { return bytes_appended_; }

  // The number of the oldest event here; one above the newest if there is none.
  std::uint64_t first_number() const { return next_number_ - events_.size(); }
  std::uint64_t next_number() const { return next_number_; }

  const EventRef& oldest() const { return events_.front(); }

  // The event of this number, which is here.
  const EventRef& at(std::uint64_t number) const {
    return events_[static_cast<std::size_t>(number - first_number())];
  }

  // The number of the first event; only while there was none.
  void start_at(std::uint64_t number) { next_number_ = number; }

  // Takes an event whose number is next_number().
  void append(EventRef event) {
    bytes_ += event->bytes();
    bytes_appended_ += event->bytes();
    events_.push_back(std::move(event));
    ++next_number_;
  }

  void drop_oldest() { bytes_ -= events_.pop_front()->bytes(); }

 private:
  Ring<EventRef> events_;
  std::uint64_t next_number_ = 1;
  std::size_t bytes_ = 0;
  std::uint64_t bytes_appended_ = 0;
};

}  // namespace madang
