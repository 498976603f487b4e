// SPDX-License-Identifier: Apache-2.0
#include "madang/transport/websocket/message_reader.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <vector>

#include "madang/transport/websocket/close_code.h"
#include "madang/transport/websocket/utf8.h"

namespace madang::websocket {

struct BareReader::Partial {
  std::vector<char> message;
  std::string control;  // A control frame may be cut while a message waits for its next fragment.
  Utf8Validator utf8;
  uint32_t fragments = 0;
  uint32_t empty_fragments = 0;
  Frame frame;                                    // Set while in_frame_.
  std::array<char, kFrameHeaderBytesMax> header;  // The first header_bytes_ of one.
};

namespace {

// The buffer at most doubles what arrived, and the last frame makes it no larger than the message.
void append(std::string_view part, bool last_frame, uint64_t frame_left, std::vector<char>* out) {
  const size_t needed = out->size() + part.size();
  if (last_frame && needed > out->capacity()) {
    out->reserve(needed + static_cast<size_t>(std::min<uint64_t>(needed, frame_left)));
  }
  out->insert(out->end(), part.begin(), part.end());
}

}  // namespace

BareReader::BareReader(Role role, bool compression) : role_(role), compression_(compression) {}

BareReader::~BareReader() = default;
BareReader::BareReader(BareReader&&) noexcept = default;
BareReader& BareReader::operator=(BareReader&&) noexcept = default;

Event BareReader::next(std::span<char>& input, const ReaderLimits& limits) {
  release_delivered();
  Frame frame;
  if (in_frame_) frame = partial_->frame;
  // Every turn but the last consumes a header, so the cost is O(bytes).
  while (!ended_) {
    if (!in_frame_) {
      const Event event = read_header(input, limits, frame);
      if (event.kind != EventKind::kNeedMore || !in_frame_) return event;
    }
    const Event event = read_payload(input, frame);
    if (in_frame_) partial().frame = frame;
    if (event.kind != EventKind::kNeedMore || in_frame_) return event;
  }
  input = {};
  return {};
}

Event BareReader::read_header(std::span<char>& input, const ReaderLimits& limits, Frame& frame) {
  const size_t had = header_bytes_;
  const size_t taken = std::min(input.size(), kFrameHeaderBytesMax - had);
  if (taken == 0) return {};
  std::string_view bytes(input.data(), taken);
  if (had > 0) {
    std::memcpy(partial_->header.data() + had, input.data(), taken);
    bytes = {partial_->header.data(), had + taken};
  }
  FrameHeader header;
  const HeaderParse parse = parse_frame_header(bytes, &header);
  if (parse.error != nullptr) return fail(kCloseProtocolError, parse.error);
  if (parse.bytes == 0) {
    if (had == 0) std::memcpy(partial().header.data(), bytes.data(), taken);
    header_bytes_ = static_cast<uint8_t>(bytes.size());
    input = input.subspan(taken);
    return {};
  }
  input = input.subspan(parse.bytes - had);
  header_bytes_ = 0;
  return begin_frame(header, limits, frame);
}

Event BareReader::begin_frame(const FrameHeader& header, const ReaderLimits& limits, Frame& frame) {
  if (role_ == Role::kServer && !header.mask) return fail(kCloseProtocolError, "unmasked frame");
  if (role_ == Role::kClient && header.mask) return fail(kCloseProtocolError, "masked frame");
  const bool may_be_compressed =
      compression_ && (header.opcode == Opcode::kText || header.opcode == Opcode::kBinary);
  if (header.compressed && !may_be_compressed) {
    return fail(kCloseProtocolError, "reserved bit set");
  }
  in_frame_ = true;
  frame.opcode = header.opcode;
  frame.fin = header.fin;
  frame.left = header.payload_bytes;
  frame.mask = header.mask.value_or(MaskKey{});
  return is_control(header.opcode) ? Event{} : begin_data_frame(header, limits);
}

Event BareReader::begin_data_frame(const FrameHeader& header, const ReaderLimits& limits) {
  if (header.opcode == Opcode::kContinuation) {
    if (!message_open_) return fail(kCloseProtocolError, "continuation without a message");
  } else {
    if (message_open_) return fail(kCloseProtocolError, "new message inside a message");
    message_open_ = true;
    binary_ = header.opcode == Opcode::kBinary;
    compressed_ = header.compressed;
  }
  const uint64_t gathered = partial_ ? partial_->message.size() : 0;
  if (gathered > limits.message_bytes_max ||
      header.payload_bytes > limits.message_bytes_max - gathered) {
    return fail(kCloseMessageTooBig, "message too big");
  }
  const bool whole = header.fin && header.opcode != Opcode::kContinuation;
  return whole ? Event{} : count_fragment(header, limits);
}

Event BareReader::count_fragment(const FrameHeader& header, const ReaderLimits& limits) {
  Partial& part = partial();
  if (++part.fragments > limits.fragments_max) {
    return fail(kClosePolicyViolation, "too many fragments");
  }
  if (header.payload_bytes == 0 && ++part.empty_fragments > limits.empty_fragments_max) {
    return fail(kClosePolicyViolation, "too many empty fragments");
  }
  return {};
}

Event BareReader::read_payload(std::span<char>& input, Frame& frame) {
  const auto size = static_cast<size_t>(std::min<uint64_t>(frame.left, input.size()));
  const std::span<char> part = input.first(size);
  input = input.subspan(size);
  frame.left -= size;
  in_frame_ = frame.left > 0;
  if (role_ == Role::kServer) frame.mask = apply_mask(part, frame.mask);
  const std::string_view bytes(part.data(), part.size());
  return is_control(frame.opcode) ? read_control(bytes, frame) : read_data(bytes, frame);
}

Event BareReader::read_data(std::string_view part, const Frame& frame) {
  const bool last = frame.fin && !in_frame_;
  if (last && (!partial_ || partial_->message.empty())) {
    if (text_to_check() && !is_valid_utf8(part)) return fail(kCloseInvalidPayload, "invalid UTF-8");
    return finish_message(part);
  }
  if (!part.empty()) {
    Partial& gathered = partial();
    if (text_to_check() && !gathered.utf8.feed(part)) {
      return fail(kCloseInvalidPayload, "invalid UTF-8");
    }
    append(part, frame.fin, frame.left, &gathered.message);
  }
  if (!last) return {};
  if (text_to_check() && !partial_->utf8.complete()) {
    return fail(kCloseInvalidPayload, "invalid UTF-8");
  }
  return finish_message({partial_->message.data(), partial_->message.size()});
}

Event BareReader::finish_message(std::string_view payload) {
  message_open_ = false;
  return {EventKind::kMessage, binary_, compressed_, 0, payload};
}

Event BareReader::read_control(std::string_view part, const Frame& frame) {
  const bool spans_inputs = partial_ && !partial_->control.empty();
  if (!in_frame_ && !spans_inputs) return finish_control(part, frame.opcode);
  if (!part.empty()) partial().control += part;
  return in_frame_ ? Event{} : finish_control(partial_->control, frame.opcode);
}

Event BareReader::finish_control(std::string_view payload, Opcode opcode) {
  if (opcode == Opcode::kPing) return {.kind = EventKind::kPing, .data = payload};
  if (opcode == Opcode::kPong) return {.kind = EventKind::kPong, .data = payload};
  const CloseBody body = parse_close(payload);
  if (body.error != nullptr) return fail(body.code, body.error);
  ended_ = true;
  return {.kind = EventKind::kClose, .code = body.code, .data = body.reason};
}

Event BareReader::fail(uint16_t code, const char* reason) {
  ended_ = true;
  in_frame_ = false;
  partial_.reset();
  return {.kind = EventKind::kError, .code = code, .data = reason};
}

BareReader::Partial& BareReader::partial() {
  if (!partial_) partial_ = std::make_unique<Partial>();
  return *partial_;
}

void BareReader::release_delivered() {
  if (!partial_) return;
  if (!in_message()) {
    partial_.reset();
  } else if (!in_frame_) {
    partial_->control.clear();
  }
}

}  // namespace madang::websocket
