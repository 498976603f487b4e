// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace madang {

// Why a session or its connection ends. The numbers are the field's (Centrifuge client protocol,
// version 2) and go to the client as they are, in WebSocket in the close frame.
//
// A client comes again after 3000 to 3499 and 4000 to 4499, and stays away after 3500 to 3999 and
// 4500 to 4999. A host's own numbers are 4000 to 4999.
struct CloseReason {
  std::uint32_t code = 0;
  // Shown to developers. A literal, or text that outlives the session; at most 123 bytes.
  std::string_view text;

  bool may_reconnect() const { return (code < 3500 || code >= 4000) && code < 4500; }

  friend bool operator==(const CloseReason&, const CloseReason&) = default;
};

inline constexpr CloseReason kClosed{3000, "connection closed"};
inline constexpr CloseReason kShutdown{3001, "shutdown"};
inline constexpr CloseReason kInternalError{3004, "internal server error"};
inline constexpr CloseReason kExpired{3005, "connection expired"};
inline constexpr CloseReason kSubscriptionExpired{3006, "subscription expired"};
inline constexpr CloseReason kSlow{3008, "slow"};
inline constexpr CloseReason kWriteError{3009, "write error"};
inline constexpr CloseReason kInsufficientState{3010, "insufficient state"};
inline constexpr CloseReason kForceReconnect{3011, "force reconnect"};
inline constexpr CloseReason kNoPong{3012, "no pong"};
inline constexpr CloseReason kTooManyRequests{3013, "too many requests"};
inline constexpr CloseReason kInvalidToken{3500, "invalid token"};
inline constexpr CloseReason kBadRequest{3501, "bad request"};
inline constexpr CloseReason kStale{3502, "stale"};
inline constexpr CloseReason kForceNoReconnect{3503, "force disconnect"};
inline constexpr CloseReason kConnectionLimit{3504, "connection limit"};
inline constexpr CloseReason kChannelLimit{3505, "channel limit"};
inline constexpr CloseReason kInappropriateProtocol{3506, "inappropriate protocol"};
inline constexpr CloseReason kPermissionDenied{3507, "permission denied"};
inline constexpr CloseReason kNotAvailable{3508, "not available"};
inline constexpr CloseReason kTooManyErrors{3509, "too many errors"};

// Why a session is no longer in one room, though it lives on. The client subscribes again after
// 2500 and above.
struct LeaveReason {
  std::uint32_t code = 0;
  std::string_view text;

  friend bool operator==(const LeaveReason&, const LeaveReason&) = default;
};

inline constexpr LeaveReason kLeftByClient{0, "client unsubscribed"};
inline constexpr LeaveReason kLeftWithSession{1, "session ended"};
inline constexpr LeaveReason kLeftByServer{2000, "server unsubscribe"};
inline constexpr LeaveReason kLeftBehind{2500, "insufficient state"};
inline constexpr LeaveReason kLeftExpired{2501, "subscription expired"};

}  // namespace madang
