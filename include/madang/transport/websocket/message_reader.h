// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "madang/transport/websocket/frame.h"

namespace madang::websocket {

// Bounds on what one connection may send and make the reader hold.
struct ReaderLimits {
  // Bytes of one message, all its fragments together; for a compressed message, as compressed.
  uint64_t message_bytes_max = 64 * 1024;
  // Frames of one message. Beyond it the connection is closed with 1008, as the protocol itself
  // has no such bound.
  uint32_t fragments_max = 16 * 1024;
  // Frames without payload in a message of several frames; beyond it likewise 1008.
  uint32_t empty_fragments_max = 16;
};

// The side that reads: a server demands masked frames and a client refuses them.
enum class Role : uint8_t { kServer, kClient };

enum class EventKind : uint8_t {
  kNeedMore,  // All input is consumed and no event is complete.
  kMessage,   // `data` is the payload; UTF-8 is checked, unless binary or compressed.
  kPing,      // `data` is to be sent back in a pong.
  kPong,
  kClose,  // `code` is the peer's or kCloseNoStatus; `data` is its reason.
  kError,  // Close with `code`; `data` is a short fixed reason. Counted and logged by the caller.
};

struct Event {
  EventKind kind = EventKind::kNeedMore;
  bool binary = false;      // kMessage: binary, not text.
  bool compressed = false;  // kMessage: still to be inflated, see inflate_message().
  uint16_t code = 0;        // kClose and kError.
  std::string_view data;
};

// A MessageReader, see below, that is told its limits with each call, for those who hold very many.
class BareReader {
 public:
  explicit BareReader(Role role, bool compression = false);
  ~BareReader();
  BareReader(BareReader&&) noexcept;
  BareReader& operator=(BareReader&&) noexcept;

  Event next(std::span<char>& input, const ReaderLimits& limits);
  bool in_message() const { return !ended_ && (header_bytes_ > 0 || in_frame_ || message_open_); }
  bool ended() const { return ended_; }

 private:
  struct Partial;

  // What is being read. Lies on the stack of one call, and in Partial until the next if the input
  // ends before it.
  struct Frame {
    uint64_t left = 0;  // Payload bytes still to come.
    MaskKey mask = {};  // Turned to where the next of them stands.
    Opcode opcode = Opcode::kText;
    bool fin = false;
  };

  Event read_header(std::span<char>& input, const ReaderLimits& limits, Frame& frame);
  Event begin_frame(const FrameHeader& header, const ReaderLimits& limits, Frame& frame);
  Event begin_data_frame(const FrameHeader& header, const ReaderLimits& limits);
  Event count_fragment(const FrameHeader& header, const ReaderLimits& limits);
  Event read_payload(std::span<char>& input, Frame& frame);
  Event read_data(std::string_view part, const Frame& frame);
  Event read_control(std::string_view part, const Frame& frame);
  Event finish_message(std::string_view payload);
  Event finish_control(std::string_view payload, Opcode opcode);
  Event fail(uint16_t code, const char* reason);
  Partial& partial();
  void release_delivered();
  bool text_to_check() const { return !binary_ && !compressed_; }

  std::unique_ptr<Partial> partial_;  // Only while something spans inputs or fragments.
  uint8_t header_bytes_ = 0;          // Of a header that is cut; partial_ has them.
  Role role_ : 1;
  bool compression_ : 1;
  bool in_frame_ : 1 = false;  // The header is read, the payload is not.
  bool message_open_ : 1 = false;
  bool binary_ : 1 = false;      // Of the open message.
  bool compressed_ : 1 = false;  // Of the open message.
  bool ended_ : 1 = false;
};

static_assert(sizeof(BareReader) <= 16, "every idle connection holds one");

// Turns the bytes that a peer sends after the handshake into messages and control frames: the
// whole of RFC 6455, for either side. It has no socket, clock or thread.
//
// The caller pulls:
//
//   std::span<char> input = /* what the socket gave */;
//   for (Event event = reader.next(input); event.kind != EventKind::kNeedMore;
//        event = reader.next(input)) {
//     ... stop here whenever you like, keep what is left of `input`, and go on later ...
//   }
//
// A frame that lies whole in the input is unmasked in place and handed out as a view into it.
// Only what spans inputs or fragments is copied into a buffer of the reader's own, which grows with
// the bytes that came, never by an announced length, and is freed by the call of next() after the
// one that handed it out. Between messages the reader is all that a connection costs.
//
// The same bytes give the same events however they are cut. After kClose or kError there are no
// more events, and all further input is consumed and ignored. Thread-compatible.
class MessageReader {
 public:
  // The limits must outlive the reader, and may be shared by all. `compression` says whether
  // permessage-deflate was agreed on; without it a compressed message is an error.
  MessageReader(Role role, const ReaderLimits* limits, bool compression = false)
      : limits_(limits), reader_(role, compression) {}

  // Reads up to the next event and removes what it read from the front of `input`, which it may
  // overwrite. The event's data stays valid until the next call, and as long as the input's bytes.
  Event next(std::span<char>& input) { return reader_.next(input, *limits_); }

  // Whether a message or frame has begun and not ended. The caller limits how long that may last.
  bool in_message() const { return reader_.in_message(); }

  // Whether kClose or kError was handed out.
  bool ended() const { return reader_.ended(); }

  // Other limits, for example after authentication; they count from the next frame on.
  void set_limits(const ReaderLimits* limits) { limits_ = limits; }

 private:
  const ReaderLimits* limits_;
  BareReader reader_;
};

}  // namespace madang::websocket
