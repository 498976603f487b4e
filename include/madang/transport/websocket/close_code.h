// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace madang::websocket {

// The close codes of RFC 6455, section 7.4, and of the IANA registry. 3000 to 3999 belong to
// libraries and 4000 to 4999 to applications.
inline constexpr uint16_t kCloseNormal = 1000;
inline constexpr uint16_t kCloseGoingAway = 1001;
inline constexpr uint16_t kCloseProtocolError = 1002;
inline constexpr uint16_t kCloseUnsupportedData = 1003;
inline constexpr uint16_t kCloseNoStatus = 1005;  // Never on the wire: the frame had no code.
inline constexpr uint16_t kCloseAbnormal = 1006;  // Never on the wire: there was no close frame.
inline constexpr uint16_t kCloseInvalidPayload = 1007;
inline constexpr uint16_t kClosePolicyViolation = 1008;
inline constexpr uint16_t kCloseMessageTooBig = 1009;
inline constexpr uint16_t kCloseMandatoryExtension = 1010;
inline constexpr uint16_t kCloseInternalError = 1011;
inline constexpr uint16_t kCloseServiceRestart = 1012;
inline constexpr uint16_t kCloseTryAgainLater = 1013;
inline constexpr uint16_t kCloseBadGateway = 1014;

// A control frame's payload has at most 125 bytes, of which a close frame spends two on the code.
inline constexpr size_t kCloseReasonBytesMax = 123;

// Whether a close frame may carry the code: 1000 to 1003, 1007 to 1014 and 3000 to 4999.
bool is_valid_close_code(uint16_t code);

// The payload of a close frame. The reason is cut to the longest prefix that fits into 123 bytes,
// ends between two characters and is valid UTF-8, so any bytes may be given. The code must be
// valid on the wire, or kCloseNoStatus for a payload without code and reason.
std::string build_close(uint16_t code, std::string_view reason);

// What a received close frame says, or how it breaks the protocol.
struct CloseBody {
  uint16_t code = kCloseNoStatus;  // With an error, the code to answer with.
  std::string_view reason;         // Points into the payload.
  const char* error = nullptr;     // A short fixed text, or null if the payload is well-formed.
};

// Reads the unmasked payload of a close frame. An empty one gives kCloseNoStatus. One byte alone
// and a code that may not be sent are errors with 1002; a reason that is not UTF-8, with 1007.
CloseBody parse_close(std::string_view payload);

}  // namespace madang::websocket
