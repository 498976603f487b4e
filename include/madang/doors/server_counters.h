// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace madang {

// A reading of what a server has counted since it was made.
struct ServerCounters {
  std::uint64_t connections = 0;  // open now, sessions' included
  std::uint64_t handshakes = 0;   // of these, without a complete request yet
  std::uint64_t accepted = 0;

  // Closed as they were accepted.
  std::uint64_t refused_full = 0;
  std::uint64_t refused_address = 0;
  std::uint64_t refused_handshakes = 0;
  // How often the system had no file descriptor or memory for a connection.
  std::uint64_t accept_failures = 0;

  std::uint64_t requests = 0;  // whole ones, handshakes included
  std::uint64_t bad_requests = 0;
  std::uint64_t handshake_timeouts = 0;
  std::uint64_t request_timeouts = 0;
  std::uint64_t idle_timeouts = 0;
  std::uint64_t response_timeouts = 0;
  std::uint64_t handlers_threw = 0;

  std::uint64_t upgrades = 0;
  std::uint64_t origins_refused = 0;     // 403
  std::uint64_t handshakes_refused = 0;  // for WebSocket or a stream, not as it should be
  std::uint64_t sessions_refused = 0;    // by the engine: 503

  std::uint64_t streams = 0;             // that were begun
  std::uint64_t emulations = 0;          // requests with commands beside a stream
  std::uint64_t emulations_refused = 0;  // of these, not answered with 204

  // Streams that were ended because their peers sent something on them, and those that were cut
  // because their peers did not take the end.
  std::uint64_t stream_unexpected_bytes = 0;
  std::uint64_t stream_close_timeouts = 0;

  // WebSocket connections that were ended for what their peers sent, or did not send.
  std::uint64_t ws_protocol_errors = 0;
  std::uint64_t ws_invalid_payloads = 0;
  std::uint64_t ws_policy_violations = 0;
  std::uint64_t ws_control_floods = 0;
  std::uint64_t ws_slow_messages = 0;
  std::uint64_t ws_messages_too_big = 0;
  std::uint64_t ws_close_timeouts = 0;
};

}  // namespace madang
