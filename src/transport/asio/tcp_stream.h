// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <span>
#include <string>

#include "asio_lane.h"
#include "asio_types.h"
#include "madang/base/ring.h"
#include "madang/transport/byte_stream.h"

namespace madang {

// A TCP connection that was accepted on a lane. Its lane's list owns it until it has ended; waits
// that are under way then keep it a little longer.
//
// Reads and writes are system calls of its own on a socket that never blocks; Asio only tells when
// the socket is ready. So a quiet connection needs no buffer, and a write that the kernel takes at
// once costs one call and no allocation.
class TcpStream final : public ByteStream, public std::enable_shared_from_this<TcpStream> {
 public:
  // Takes over `fd`, which is connected and does not block.
  TcpStream(AsioLane& lane, int fd, bool is_v6, std::string peer_address);

  // Puts the stream into its lane's list and begins to read. Once, after set_handler().
  void start();

  // Ends the connection and releases the handler at once: for the end of the lane.
  void drop();

  // ByteStream:
  void set_handler(std::shared_ptr<ByteStreamHandler> handler) override;
  WriteResult write(std::span<const Payload> payloads) override;
  std::size_t pending_bytes() const override { return pending_bytes_; }
  void pause_reading() override { paused_ = true; }
  void resume_reading() override;
  void close_after_flush(Duration deadline) override;
  void abort() override;
  const std::string& peer_address() const override { return peer_address_; }

 private:
  enum class State : std::uint8_t {
    kOpen,
    kClosing,  // the handler is done with us; we flush and then wait for the peer's end
    kEnded,
  };

  void wait_readable();
  void on_readable();
  void wait_writable();
  void on_writable();
  bool send_pending();
  void keep_rest(std::span<const Payload> payloads, std::size_t sent);
  void shut_down_sending();
  void close_socket();
  void end();
  void end_later();
  void end_and_report();

  AsioLane& lane_;
  AsioSocket socket_;
  const int fd_;
  const std::string peer_address_;
  std::shared_ptr<ByteStreamHandler> handler_;
  std::list<std::shared_ptr<TcpStream>>::iterator place_;  // in the lane's list

  Ring<Payload> pending_;  // slices of what has not left
  std::size_t pending_bytes_ = 0;
  TimerHandle deadline_;

  State state_ = State::kOpen;
  bool paused_ = false;
  bool failed_ = false;
  bool reading_ = false;  // a wait is under way
  bool writing_ = false;
  bool peer_ended_ = false;  // in kClosing only: the peer sends no more
};

}  // namespace madang
