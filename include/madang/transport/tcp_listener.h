// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "madang/base/time.h"
#include "madang/transport/byte_stream.h"

namespace madang {

struct TcpListenerOptions {
  // An address in numbers, "127.0.0.1" or "::"; no host name.
  std::string address = "127.0.0.1";
  // 0: the system chooses one.
  std::uint16_t port = 0;
  // Whether other listeners of this user may have the same address and port, if they say so too.
  // The kernel then divides the connections among them.
  bool shared = false;
  // Connections that the kernel keeps ready for accept(). The kernel's own bound may be less.
  int backlog = 4096;
  // How long to accept nothing after the system had no file descriptor or memory for a connection.
  Duration pause_after_failure = std::chrono::milliseconds(100);
};

// Accepts TCP connections on one lane, to which it belongs and whose loop it does not outlive. Made
// by Lanes::listen().
class TcpListener {
 public:
  // A new connection. Answers who handles it, or null to have it cut. The stream starts to read
  // when this has returned.
  using Accept = std::function<std::shared_ptr<ByteStreamHandler>(ByteStream& stream)>;
  // The system refused a connection with this errno (EMFILE and the like), and accepting pauses.
  using Failed = std::function<void(int error)>;

  virtual ~TcpListener() = default;

  // The port that is listened on. Any thread.
  virtual std::uint16_t port() const = 0;

  // Accepts from now on. On the lane, or before its loop starts.
  virtual void start() = 0;

  // Accepts no more and closes the port. On the lane. The destructor does the same, on the lane or
  // when its loop runs no longer.
  virtual void close() = 0;
};

}  // namespace madang
