// SPDX-License-Identifier: Apache-2.0
#include "http/chunked_decoder.h"

#include <algorithm>

#include "http/ascii.h"

namespace madang::http {
namespace {

constexpr std::size_t kLengthDigitsMax = 8;
constexpr std::size_t kExtensionBytesMax = 256;

}  // namespace

std::size_t ChunkedDecoder::decode(std::string_view bytes, std::size_t body_bytes_max,
                                   std::string& body) {
  std::size_t read = 0;
  while (read < bytes.size() && !complete() && !error_) {
    if (state_ != State::kData) {
      step(bytes[read++], body_bytes_max - body.size());
      continue;
    }
    const std::size_t taken = std::min(chunk_bytes_left_, bytes.size() - read);
    body.append(bytes.substr(read, taken));
    read += taken;
    chunk_bytes_left_ -= taken;
    if (chunk_bytes_left_ == 0) state_ = State::kDataEnd;
  }
  return read;
}

void ChunkedDecoder::step(char c, std::size_t body_bytes_left) {
  switch (state_) {
    case State::kLength:
      return step_length(c, body_bytes_left);
    case State::kExtension:
      if (c == '\r') {
        state_ = State::kLengthEnd;
      } else if (!is_value_char(c) || ++line_bytes_ > kExtensionBytesMax) {
        fail(400, "malformed chunk");
      }
      return;
    case State::kLengthEnd:
      return expect(c, '\n', chunk_bytes_left_ == 0 ? State::kLastLine : State::kData);
    case State::kDataEnd:
      return expect(c, '\r', State::kDataEndLine);
    case State::kDataEndLine:
      line_bytes_ = 0;
      return expect(c, '\n', State::kLength);
    case State::kLastLine:
      if (is_token_char(c)) return fail(400, "trailers are not accepted");
      return expect(c, '\r', State::kLastLineEnd);
    case State::kLastLineEnd:
      return expect(c, '\n', State::kComplete);
    case State::kData:
    case State::kComplete:
      return;
  }
}

void ChunkedDecoder::step_length(char c, std::size_t body_bytes_left) {
  if (const int digit = hex_value(c); digit >= 0) {
    if (++line_bytes_ > kLengthDigitsMax) return fail(400, "malformed chunk");
    chunk_bytes_left_ = chunk_bytes_left_ * 16 + static_cast<std::size_t>(digit);
    if (chunk_bytes_left_ > body_bytes_left) fail(413, "body too large");
    return;
  }
  if (line_bytes_ == 0 || (c != '\r' && c != ';')) return fail(400, "malformed chunk");
  state_ = c == '\r' ? State::kLengthEnd : State::kExtension;
  line_bytes_ = 0;
}

void ChunkedDecoder::expect(char c, char wanted, State next) {
  if (c != wanted) return fail(400, "malformed chunk");
  state_ = next;
}

}  // namespace madang::http
