// SPDX-License-Identifier: Apache-2.0
#include "madang/transport/websocket/deflate.h"

#include <zlib.h>

#include <algorithm>
#include <cassert>
#include <limits>
#include <new>

#include "madang/transport/websocket/close_code.h"
#include "madang/transport/websocket/utf8.h"

namespace madang::websocket {
namespace {

// What senders leave out: an empty stored block but for its first three bits.
constexpr std::string_view kTail("\x00\x00\xFF\xFF", 4);

// More than deflate needs for the end of a message, so that one call writes all of it.
constexpr size_t kFlushBytes = 16;

constexpr size_t kStepBytes = 16 * 1024;

// zlib's stream is not const-correct: it never writes to the input.
void set_input(z_stream* stream, std::string_view bytes) {
  assert(bytes.size() <= std::numeric_limits<uInt>::max());
  stream->next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream->avail_in = static_cast<uInt>(bytes.size());
}

void set_output(z_stream* stream, char* bytes, size_t size) {
  stream->next_out = reinterpret_cast<Bytef*>(bytes);
  stream->avail_out = static_cast<uInt>(size);
}

// Nothing is read since a stream ended, or zlib says by 128 that the next block has not begun.
bool is_between_blocks(const z_stream& stream) {
  return stream.total_in == 0 || (stream.data_type & 128) != 0;
}

size_t output_max(size_t compressed_bytes, const InflateLimits& limits) {
  const size_t bytes_max = limits.message_bytes_max;
  const size_t ratio_max = std::max<size_t>(limits.ratio_max, 1);
  if (bytes_max <= kRatioFreeBytes || compressed_bytes > bytes_max / ratio_max) return bytes_max;
  return std::clamp(compressed_bytes * ratio_max, kRatioFreeBytes, bytes_max);
}

Event error(uint16_t code, const char* reason) {
  return {.kind = EventKind::kError, .code = code, .data = reason};
}

}  // namespace

Deflater::Deflater(const DeflateOptions& options) {
  assert(options.window_bits >= 9 && options.window_bits <= 15);
  auto stream = std::make_unique<z_stream>();
  const int result = deflateInit2(stream.get(), options.level, Z_DEFLATED, -options.window_bits,
                                  options.memory_level, Z_DEFAULT_STRATEGY);
  if (result == Z_MEM_ERROR) throw std::bad_alloc();
  assert(result == Z_OK);
  stream_.reset(stream.release());
}

void Deflater::compress(std::string_view message, std::string* out) {
  z_stream* const stream = stream_.get();
  deflateReset(stream);
  set_input(stream, message);
  do {
    const size_t start = out->size();
    const size_t room = deflateBound(stream, stream->avail_in) + kFlushBytes;
    out->resize(start + room);
    set_output(stream, out->data() + start, room);
    ::deflate(stream, Z_SYNC_FLUSH);
    out->resize(start + room - stream->avail_out);
  } while (stream->avail_out == 0);
  assert(std::string_view(*out).ends_with(kTail));
  out->resize(out->size() - kTail.size());
}

void Deflater::End::operator()(z_stream_s* stream) const {
  deflateEnd(stream);
  delete stream;
}

Inflater::Inflater() : step_(std::make_unique_for_overwrite<char[]>(kStepBytes)) {
  auto stream = std::make_unique<z_stream>();
  if (inflateInit2(stream.get(), -15) != Z_OK) throw std::bad_alloc();
  stream_.reset(stream.release());
}

InflateStatus Inflater::inflate(std::string_view compressed, const InflateLimits& limits,
                                std::string* out) {
  out->clear();
  inflateReset(stream_.get());
  const size_t bytes_max = output_max(compressed.size(), limits);
  InflateStatus status = run(compressed, bytes_max, out);
  const bool ended = stream_->total_in == 0;  // Or there was nothing to read.
  if (status == InflateStatus::kOk && !ended) status = run(kTail, bytes_max, out);
  if (status == InflateStatus::kOk && !is_between_blocks(*stream_)) {
    status = InflateStatus::kCorrupt;
  }
  if (status != InflateStatus::kOk) out->clear();
  return status;
}

InflateStatus Inflater::run(std::string_view compressed, size_t bytes_max, std::string* out) {
  z_stream* const stream = stream_.get();
  set_input(stream, compressed);
  do {
    set_output(stream, step_.get(), kStepBytes);
    const int result = ::inflate(stream, Z_SYNC_FLUSH);
    const size_t produced = kStepBytes - stream->avail_out;
    if (produced > bytes_max - out->size()) return InflateStatus::kTooBig;
    out->append(step_.get(), produced);
    if (result == Z_STREAM_END) {
      // A peer may end deflate's own stream inside a message and begin another.
      inflateReset(stream);
    } else if (result != Z_OK && result != Z_BUF_ERROR) {
      return InflateStatus::kCorrupt;
    }
  } while (stream->avail_in > 0 || stream->avail_out == 0);
  return InflateStatus::kOk;
}

void Inflater::End::operator()(z_stream_s* stream) const {
  inflateEnd(stream);
  delete stream;
}

Event inflate_message(const Event& message, const InflateLimits& limits, Inflater& inflater,
                      std::string* out) {
  assert(message.kind == EventKind::kMessage && message.compressed);
  switch (inflater.inflate(message.data, limits, out)) {
    case InflateStatus::kTooBig:
      return error(kCloseMessageTooBig, "message too big");
    case InflateStatus::kCorrupt:
      return error(kCloseInvalidPayload, "invalid compressed data");
    case InflateStatus::kOk:
      break;
  }
  if (!message.binary && !is_valid_utf8(*out)) {
    return error(kCloseInvalidPayload, "invalid UTF-8");
  }
  Event inflated = message;
  inflated.compressed = false;
  inflated.data = *out;
  return inflated;
}

}  // namespace madang::websocket
