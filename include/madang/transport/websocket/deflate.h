// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "madang/transport/websocket/message_reader.h"

struct z_stream_s;  // zlib's, which this header does not include.

namespace madang::websocket {

// The transformation of permessage-deflate (RFC 7692, section 7.2) for whole messages. As no
// context is taken over, one object serves every connection of a thread. Both are
// thread-compatible; both throw std::bad_alloc if zlib's memory cannot be had.

struct DeflateOptions {
  // 9 to 15, as agreed on in the handshake.
  int window_bits = 15;
  // 1 (fast) to 9 (small).
  int level = 6;
  // 1 to 9. Small values suit small messages: less memory to clear for each of them.
  int memory_level = 6;
};

// Holds 2^(window_bits + 2) + 2^(memory_level + 9) bytes and about 8 KiB more, from construction
// on: 168 KiB by default.
class Deflater {
 public:
  explicit Deflater(const DeflateOptions& options = {});

  // Appends the compressed payload of one message, without the tail 00 00 FF FF that the receiver
  // adds. It may be longer than the message, at most by a few bytes and 0.2 percent; then the
  // message is better sent as it is. The message must be shorter than 4 GiB.
  void compress(std::string_view message, std::string* out);

 private:
  struct End {
    void operator()(z_stream_s* stream) const;
  };

  std::unique_ptr<z_stream_s, End> stream_;
};

// Bounds on what one compressed message may become. They are checked while inflating, so that at
// most one step of 16 KiB is inflated in vain.
struct InflateLimits {
  size_t message_bytes_max = 64 * 1024;
  // A message longer than kRatioFreeBytes may be at most so many times as long as it was
  // compressed. deflate itself reaches 1032.
  size_t ratio_max = 256;
};

inline constexpr size_t kRatioFreeBytes = 64 * 1024;

enum class InflateStatus : uint8_t {
  kOk,
  kTooBig,   // Over a limit: close with 1009.
  kCorrupt,  // Not a deflate stream, or cut short: close with 1007.
};

// Reads streams of any window. Holds about 65 KiB: zlib's window and state, and one step of output.
class Inflater {
 public:
  Inflater();

  // Replaces `out` with the inflated message. Unless kOk is returned, `out` is left empty. The
  // input is only read and must be shorter than 4 GiB. An empty one is an empty message.
  InflateStatus inflate(std::string_view compressed, const InflateLimits& limits, std::string* out);

 private:
  struct End {
    void operator()(z_stream_s* stream) const;
  };

  InflateStatus run(std::string_view compressed, size_t bytes_max, std::string* out);

  std::unique_ptr<z_stream_s, End> stream_;
  std::unique_ptr<char[]> step_;
};

// Completes a compressed kMessage event of a MessageReader: inflates it into `out` and then checks
// the UTF-8 of a text. Returns the kMessage to handle, whose data points into `out`, or the kError
// to close with. After an error the caller does not read on.
Event inflate_message(const Event& message, const InflateLimits& limits, Inflater& inflater,
                      std::string* out);

}  // namespace madang::websocket
