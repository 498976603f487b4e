// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace load {

enum class Stage : std::uint8_t {
  kClosed,
  kConnecting,  // TCP
  kHandshake,   // HTTP
  kOpening,     // What the protocol says until the client is in its room.
  kReady,
};

// One client. The pool owns it and all of it but `room`, `member`, the flags and `next`.
struct Connection {
  int fd = -1;
  std::uint32_t index = 0;  // in its pool
  std::uint32_t room = 0;
  std::uint32_t member = 0;  // which one of its room
  std::uint32_t next = 0;    // the number of the message it expects; see Ledger
  Stage stage = Stage::kClosed;
  bool is_publisher = false;  // its replies matter, so that every frame is looked at closely
  bool is_member = true;      // its messages are counted; otherwise they are passed over
  bool is_slow = false;       // a reader that stops; its messages are nobody's measure
  bool wants_write = false;
  bool is_paused = false;
  std::int64_t began_ns = 0;  // when its connect() was called
  std::string tail;           // of a frame of which more is to come
  std::string unsent;
};

}  // namespace load
