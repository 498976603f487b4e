// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/epoll.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "flush_list.h"
#include "madang/base/scheduler.h"
#include "stream_slabs.h"

namespace madang {

class TcpStream;

// Who wants to know when a descriptor is ready, if it is not a stream.
class Pollable {
 public:
  // `events` as epoll has them.
  virtual void ready(std::uint32_t events) = 0;

 protected:
  ~Pollable() = default;
};

// Who waits for a descriptor, as epoll is told and tells it. Streams are told apart by the lowest
// bit, as a base of Pollable would take eight bytes in each of them.
class Waiter {
 public:
  Waiter(Pollable& who) : bits_(reinterpret_cast<std::uintptr_t>(&who)) {}             // NOLINT
  Waiter(TcpStream& who) : bits_(reinterpret_cast<std::uintptr_t>(&who) | kStream) {}  // NOLINT
  // As epoll kept it. 0 is nobody.
  explicit Waiter(std::uint64_t bits) : bits_(static_cast<std::uintptr_t>(bits)) {}

  std::uint64_t bits() const { return bits_; }
  void tell(std::uint32_t events) const;

 private:
  static constexpr std::uintptr_t kStream = 1;

  std::uintptr_t bits_;
};

// What the connections of one event loop share, whichever loop it is: who waits for what, the
// memory they read into, what they have written and not sent, and which of them have ended.
//
// Each turn of the loop polls, runs its tasks, and calls end_turn(), with nothing of ours on the
// stack. Belongs to the thread of the loop.
class TcpLane {
 public:
  TcpLane(const TcpLane&) = delete;
  TcpLane& operator=(const TcpLane&) = delete;

  Scheduler& scheduler() { return scheduler_; }

  // The descriptor to wait for, which is readable when poll() has something to do.
  int poll_fd() const { return epoll_; }
  // Tells those which are ready, after at most `timeout_ms` (-1: no end) until one is. Bounded: who
  // is still ready is told by the next call.
  void poll(int timeout_ms);

  // Level-triggered. False if the system refuses. No event of an `fd` is told after unwatch(), nor
  // an old one after rewatch() that does not fit.
  bool watch(int fd, Waiter who, std::uint32_t events);
  void rewatch(int fd, Waiter who, std::uint32_t events);
  void unwatch(int fd, Waiter who);

  // Sends what was written, tells those whose connection broke, and destroys what has ended.
  void end_turn();
  // Whether there is something for end_turn() to do.
  bool turn_open() const { return turn_open_; }

  // --- For TcpStream ---------------------------------------------------------------------------
  // Every connection reads into this one, so that a quiet one needs no memory to read.
  std::span<char> read_buffer() { return read_buffer_; }
  // What will be flushed at the end of the turn, or before if it is full.
  FlushList& flush_list() { return flush_list_; }
  // The same, after making room for one more stream with `payloads`.
  FlushList& flush_list_for(std::size_t payloads);
  // Where streams are made.
  StreamSlabs& slabs() { return slabs_; }
  // From here on the stream is the lane's, until it is buried.
  void adopt(std::unique_ptr<TcpStream> stream);
  // Destroys the stream, or whatever, at the end of the turn: it may be on the stack.
  void bury(TcpStream& stream);
  void bury(std::shared_ptr<void> object);
  // Has the stream tell its handler, at the end of the turn, that it is gone.
  void fail_later(TcpStream& stream);

 protected:
  // `scheduler` need not be made yet. Throws std::system_error if the system has no descriptor.
  explicit TcpLane(Scheduler& scheduler);
  virtual ~TcpLane();

  // There is something for end_turn() to do, and was not before.
  virtual void turn_opened() = 0;
  // Sends without waiting, all of them; none is under way when it returns.
  virtual void send(std::span<Send> sends) = 0;

  // Cuts every connection. To be called by the destructor of whoever has the scheduler.
  void drop_streams();

 private:
  static constexpr std::size_t kEventsMax = 64;

  void open_turn();
  void flush();
  void destroy_buried();

  Scheduler& scheduler_;
  const int epoll_;
  std::array<epoll_event, kEventsMax> events_;
  std::size_t events_count_ = 0;
  std::size_t events_next_ = 0;

  std::array<char, 64 * 1024> read_buffer_;
  FlushList flush_list_;
  StreamSlabs slabs_;
  std::vector<TcpStream*> failed_;
  std::vector<std::unique_ptr<TcpStream>> buried_streams_;
  std::vector<std::shared_ptr<void>> buried_;
  bool turn_open_ = false;
};

}  // namespace madang
