// SPDX-License-Identifier: Apache-2.0
#include "madang/transport/websocket/close_code.h"

#include <cassert>

#include "madang/transport/websocket/utf8.h"

namespace madang::websocket {

bool is_valid_close_code(uint16_t code) {
  if (code >= 3000) return code <= 4999;
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014);
}

std::string build_close(uint16_t code, std::string_view reason) {
  if (code == kCloseNoStatus) return {};
  assert(is_valid_close_code(code));
  std::string payload = {static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)};
  payload += reason.substr(0, valid_utf8_prefix(reason, kCloseReasonBytesMax));
  return payload;
}

CloseBody parse_close(std::string_view payload) {
  CloseBody body;
  if (payload.empty()) return body;
  if (payload.size() == 1) {
    body.code = kCloseProtocolError;
    body.error = "close frame with half a code";
    return body;
  }
  body.code = static_cast<uint16_t>(static_cast<unsigned char>(payload[0]) << 8 |
                                    static_cast<unsigned char>(payload[1]));
  if (!is_valid_close_code(body.code)) {
    body.code = kCloseProtocolError;
    body.error = "invalid close code";
    return body;
  }
  body.reason = payload.substr(2);
  if (!is_valid_utf8(body.reason)) {
    body = {kCloseInvalidPayload, {}, "close reason is not UTF-8"};
  }
  return body;
}

}  // namespace madang::websocket
