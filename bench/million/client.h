// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <netinet/in.h>

#include <cstddef>
#include <cstdint>
#include <string>

namespace million {

// What one client process is told: it is one of many, and each has a server of its own.
struct ClientOptions {
  sockaddr_in server{};
  std::size_t connections = 0;
  std::uint32_t first_source = 0;  // see load::PoolOptions
  std::size_t handshakes = 64;
  double ramp_s = 0;  // Enter over this time rather than as fast as it goes; the count is asked.
};

// The room that everybody is in, one to a server.
inline constexpr const char* kRoomPrefix = "million-";

// The client process. It says on standard output, a line each: "connected N" now and then, "entered
// NS" once all are in; waits for "publish AT_NS" on standard input, and says "received" with its
// account, or ends at the end of input. While it enters by ramp it says "count" for every question.
// "failed WHY" is its last line if it is so.
int run_client(const ClientOptions& options);

}  // namespace million
