// SPDX-License-Identifier: Apache-2.0
#include "madang/transport/websocket/close_code.h"

#include <doctest/doctest.h>

#include <string>

#include "madang/transport/websocket/utf8.h"
#include "websocket/stream.h"

namespace madang::websocket {
namespace {

std::string close_payload(unsigned code, std::string_view reason = "") {
  return bytes({code >> 8, code & 0xFF}).append(reason);
}

}  // namespace

TEST_CASE("close: only the codes that the RFC and the registry allow are accepted") {
  for (unsigned code = 0; code <= 0xFFFF; ++code) {
    const bool allowed = (code >= 1000 && code <= 1014 && !(code >= 1004 && code <= 1006)) ||
                         (code >= 3000 && code <= 4999);
    const CloseBody body = parse_close(close_payload(code));
    if (is_valid_close_code(static_cast<uint16_t>(code)) != allowed) FAIL(code);
    if ((body.error == nullptr) != allowed) FAIL(code);
    if (body.code != (allowed ? code : 1002)) FAIL(code);
  }
}

TEST_CASE("close: an empty payload has no status and half a code is an error") {
  CHECK(parse_close("").code == kCloseNoStatus);
  CHECK(parse_close("").error == nullptr);
  CHECK(parse_close("\x03").code == kCloseProtocolError);
  CHECK(parse_close("\x03").error != nullptr);
}

TEST_CASE("close: the reason is handed out, and refused with 1007 if it is not UTF-8") {
  CHECK(parse_close(close_payload(1000, "bye")).reason == "bye");
  for (const char* reason : {"\xC3", "\xED\xA0\x80", "ok\xFF"}) {
    const CloseBody body = parse_close(close_payload(1000, reason));
    CHECK(body.code == kCloseInvalidPayload);
    CHECK(body.error != nullptr);
    CHECK(body.reason.empty());
  }
  // A bad code is reported before a bad reason.
  CHECK(parse_close(close_payload(1006, "\xFF")).code == kCloseProtocolError);
}

TEST_CASE("close: what we build is what a peer reads") {
  CHECK(build_close(kCloseNoStatus, "ignored").empty());
  CHECK(build_close(1001, "") == bytes({0x03, 0xE9}));
  CHECK(build_close(4999, "why") == close_payload(4999, "why"));
}

TEST_CASE("close: a long reason is cut between two characters, at most at 123 bytes") {
  CHECK(build_close(1000, std::string(500, 'x')) == close_payload(1000, std::string(123, 'x')));
  std::string korean;
  for (int i = 0; i < 100; ++i)
    korean += "\xEA\xB0\x80";
  for (size_t ascii = 0; ascii < 3; ++ascii) {
    const CloseBody body = parse_close(build_close(1000, std::string(ascii, 'x') + korean));
    CHECK(body.error == nullptr);
    CHECK(body.reason.size() == (ascii == 0 ? 123 : 120 + ascii));
  }
}

TEST_CASE("close: a reason that is not UTF-8 is cut before the bad byte") {
  CHECK(build_close(1000, "abc\xFFxyz") == close_payload(1000, "abc"));
  CHECK(build_close(1000, "\xC3") == close_payload(1000));
}

}  // namespace madang::websocket
