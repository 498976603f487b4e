// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <liburing.h>
#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <memory>
#include <span>

#include "absl/status/statusor.h"
#include "transport/tcp/flush_list.h"

namespace madang {

// io_uring as one system call that sends to many sockets. Nothing is under way between two calls,
// so that no descriptor is closed and no memory freed under a send.
//
// Belongs to the thread that makes it, which also destroys it: when a ring goes, the kernel
// interrupts the system call (EINTR) that its maker is in.
class SendRing {
 public:
  // Unavailable: the kernel refuses, and why.
  static absl::StatusOr<std::unique_ptr<SendRing>> create();
  ~SendRing();
  SendRing(const SendRing&) = delete;
  SendRing& operator=(const SendRing&) = delete;

  // Sends all. A send that was not made, because the kernel refuses the ring itself, has the result
  // -EAGAIN; then broken() is true, and the ring is not to be used again.
  void send(std::span<Send> sends);
  bool broken() const { return broken_; }

 private:
  static constexpr unsigned kEntries = 256;

  SendRing() = default;
  void send_chunk(std::span<Send> sends);
  void prepare(Send& send, msghdr& message);
  unsigned submit(unsigned count);
  unsigned reap(std::span<Send> sends);

  io_uring ring_{};
  std::array<msghdr, kEntries> messages_{};
  bool broken_ = false;
};

}  // namespace madang
