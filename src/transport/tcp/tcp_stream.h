// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "flush_list.h"
#include "kept_address.h"
#include "madang/base/ring.h"
#include "madang/transport/byte_stream.h"
#include "stream_slabs.h"
#include "tcp_lane.h"

namespace madang {

// A TCP connection that was accepted on a lane, which owns it until it has ended.
//
// What is written goes with the others' at the end of the lane's turn. What the kernel does not
// take then waits here until the socket is writable, in memory that a healthy connection does not
// have.
class TcpStream final : public ByteStream {
 public:
  // In the lane's slabs: new (lane.slabs()) TcpStream(...).
  static void* operator new(std::size_t, StreamSlabs& slabs) { return slabs.take(); }
  static void operator delete(void* place) { StreamSlabs::give_back(place); }
  static void operator delete(void* place, StreamSlabs&) { StreamSlabs::give_back(place); }

  // Takes over `fd`, which is connected and does not block.
  TcpStream(TcpLane& lane, int fd, const PeerAddress& peer_address);
  ~TcpStream() override;

  // Begins to read. After set_handler() and TcpLane::adopt(). False if the system refuses.
  bool start();

  // --- For the lane ----------------------------------------------------------------------------
  // The socket is ready; `events` as epoll has them.
  void ready(std::uint32_t events);
  // What became of the stream's entry in the list.
  void flushed(ssize_t result, const FlushList::Entry& entry, FlushList& list);
  // Ends the connection, and tells the handler unless it is done with us.
  void end_and_report();
  // Ends the connection, if it has not, and destroys the stream: for the end of the lane.
  void drop();

  // ByteStream:
  void set_handler(std::shared_ptr<ByteStreamHandler> handler) override;
  WriteResult write(std::span<const Payload> payloads) override;
  std::size_t pending_bytes() const override;
  void pause_reading() override { paused_ = true; }
  void resume_reading() override;
  void close_after_flush(Duration deadline) override;
  void abort() override;
  PeerAddress peer_address() const override { return peer_address_.get(); }

 private:
  enum class State : std::uint8_t {
    kOpen,
    kClosing,  // the handler is done with us; we flush and then wait for the peer's end
    kEnded,
  };

  // What a connection has that is in trouble or about to end.
  struct Rest {
    Ring<Payload> payloads;  // slices of what the kernel did not take
    std::size_t bytes = 0;
    // So many of these, the first ones, were answered with kDone: they are not reported.
    std::size_t done_bytes = 0;
    TimerHandle deadline;
  };

  bool blocked() const { return rest_ != nullptr && !rest_->payloads.empty(); }
  void read();
  void write_rest();
  WriteResult write_at_once(std::span<const Payload> payloads);
  void flush_own();
  bool send_rest();
  Rest& rest();
  void keep(const Payload& payload, std::size_t sent);
  void settle_rest();
  void fail();
  void update_interest();
  void shut_down_sending();
  void close_socket();
  void end();

  TcpLane& lane_;
  const int fd_;
  FlushList::Place queued_ = FlushList::kNowhere;
  State state_ = State::kOpen;
  bool paused_ : 1 = false;
  bool failed_ : 1 = false;
  bool told_pending_ : 1 = false;  // the last write was answered with kPending and is not reported
  bool peer_ended_ : 1 = false;    // in kClosing only: the peer sends no more
  bool waits_in_ : 1 = false;      // what the lane's epoll waits for
  bool waits_out_ : 1 = false;
  std::unique_ptr<Rest> rest_;
  std::shared_ptr<ByteStreamHandler> handler_;
  const KeptAddress peer_address_;
};

static_assert(sizeof(TcpStream) <= StreamSlabs::kPlaceBytes, "every idle connection holds one");

}  // namespace madang
