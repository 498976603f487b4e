// SPDX-License-Identifier: Apache-2.0
#include "tcp_lane.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "tcp_stream.h"

namespace madang {

void Waiter::tell(std::uint32_t events) const {
  if ((bits_ & kStream) != 0) {
    reinterpret_cast<TcpStream*>(bits_ & ~kStream)->ready(events);
  } else if (bits_ != 0) {
    reinterpret_cast<Pollable*>(bits_)->ready(events);
  }
}

TcpLane::TcpLane(Scheduler& scheduler)
    : scheduler_(scheduler), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (epoll_ < 0) throw std::system_error(errno, std::generic_category(), "epoll_create1");
}

TcpLane::~TcpLane() { ::close(epoll_); }

void TcpLane::drop_streams() {
  slabs_.for_each([](TcpStream& stream) { stream.drop(); });
  while (!buried_streams_.empty() || !buried_.empty())
    destroy_buried();
}

// --- Readiness -----------------------------------------------------------------------------------

void TcpLane::poll(int timeout_ms) {
  const int count = ::epoll_wait(epoll_, events_.data(), kEventsMax, timeout_ms);
  events_count_ = static_cast<std::size_t>(std::max(count, 0));
  events_next_ = 0;
  // Should one throw, the others are told by the next poll.
  while (events_next_ < events_count_) {
    const epoll_event& event = events_[events_next_++];
    Waiter(event.data.u64).tell(event.events);
  }
}

bool TcpLane::watch(int fd, Waiter who, std::uint32_t events) {
  epoll_event event{.events = events, .data = {.u64 = who.bits()}};
  return ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) == 0;
}

void TcpLane::rewatch(int fd, Waiter who, std::uint32_t events) {
  epoll_event event{.events = events, .data = {.u64 = who.bits()}};
  ::epoll_ctl(epoll_, EPOLL_CTL_MOD, fd, &event);
}

void TcpLane::unwatch(int fd, Waiter who) {
  // Closing it would do the same, but for a copy of it in another process.
  ::epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr);
  for (std::size_t i = events_next_; i < events_count_; ++i) {
    if (events_[i].data.u64 == who.bits()) events_[i].data.u64 = 0;
  }
}

// --- The turn ------------------------------------------------------------------------------------

void TcpLane::open_turn() {
  if (std::exchange(turn_open_, true)) return;
  turn_opened();
}

void TcpLane::end_turn() {
  turn_open_ = false;
  flush();
  while (!failed_.empty()) {
    TcpStream* const stream = failed_.back();
    failed_.pop_back();
    if (!failed_.empty()) open_turn();  // should the handler throw
    stream->end_and_report();
  }
  destroy_buried();
}

FlushList& TcpLane::flush_list_for(std::size_t payloads) {
  if (!flush_list_.has_room(payloads)) flush();
  open_turn();
  return flush_list_;
}

// Calls nobody who could write.
void TcpLane::flush() {
  if (flush_list_.empty()) return;
  const std::span<Send> sends = flush_list_.sends();
  if (!sends.empty()) send(sends);
  for (std::size_t i = 0; i < sends.size(); ++i) {
    const FlushList::Entry& entry = flush_list_.entry_of(i);
    entry.stream->flushed(sends[i].result, entry, flush_list_);
  }
  flush_list_.clear();
}

// --- Streams -------------------------------------------------------------------------------------

void TcpLane::adopt(std::unique_ptr<TcpStream> stream) { stream.release(); }

void TcpLane::bury(TcpStream& stream) {
  std::erase(failed_, &stream);
  buried_streams_.emplace_back(&stream);
  open_turn();
}

void TcpLane::bury(std::shared_ptr<void> object) {
  buried_.push_back(std::move(object));
  open_turn();
}

void TcpLane::fail_later(TcpStream& stream) {
  failed_.push_back(&stream);
  open_turn();
}

// What is destroyed may bury more, which waits for the next turn.
void TcpLane::destroy_buried() {
  const auto streams = std::exchange(buried_streams_, {});
  const auto objects = std::exchange(buried_, {});
}

}  // namespace madang
