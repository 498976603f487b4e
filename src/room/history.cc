// SPDX-License-Identifier: Apache-2.0
#include "madang/room/history.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace madang {

void History::append(EventRef event) {
  assert(event->offset == top_ + 1);
  bytes_ += event->bytes();
  events_.push_back(std::move(event));
  ++top_;
  shrink();
}

void History::shrink() {
  while (may_drop() && (events_.size() > options_.messages_max ||
                        (bytes_ > options_.bytes_max && events_.size() > 1))) {
    drop_oldest();
  }
}

void History::hold_above(std::uint64_t offset) {
  hold_above_ = offset;
  shrink();
}

void History::expire(MonoTime now) {
  while (may_drop() && next_expiry() <= now)
    drop_oldest();
}

void History::clear(std::uint64_t offset) {
  while (!events_.empty() && first() <= offset)
    drop_oldest();
}

void History::drop_oldest() { bytes_ -= events_.pop_front()->bytes(); }

void History::read_up(std::uint64_t after, std::size_t messages_max, std::size_t bytes_max,
                      std::vector<EventRef>& page) const {
  std::size_t bytes = 0;
  for (auto offset = std::max(after + 1, first()); offset <= top_; ++offset) {
    const EventRef& event = at(offset);
    if (messages_max-- == 0 || (bytes > 0 && bytes + event->bytes() > bytes_max)) return;
    bytes += event->bytes();
    page.push_back(event);
  }
}

void History::read_down(std::uint64_t before, std::size_t messages_max, std::size_t bytes_max,
                        std::vector<EventRef>& page) const {
  std::size_t bytes = 0;
  for (auto offset = std::min(before, top_ + 1); offset > first(); --offset) {
    const EventRef& event = at(offset - 1);
    if (messages_max-- == 0 || (bytes > 0 && bytes + event->bytes() > bytes_max)) return;
    bytes += event->bytes();
    page.push_back(event);
  }
}

}  // namespace madang
