// SPDX-License-Identifier: Apache-2.0
#include "http/head_scanner.h"

#include <algorithm>

#include "http/ascii.h"

namespace madang::http {

namespace {

// How many of the first bytes are of this kind, up to `most`.
std::size_t run_of(const CharTable& kind, std::string_view bytes, std::size_t most) {
  const std::size_t end = std::min(bytes.size(), most);
  std::size_t count = 0;
  while (count < end && kind[static_cast<unsigned char>(bytes[count])])
    ++count;
  return count;
}

}  // namespace

std::size_t HeadScanner::scan(std::string_view bytes) {
  std::size_t read = 0;
  while (read < bytes.size() && !complete() && !error_) {
    read += skip_plain(bytes.substr(read));
    if (read < bytes.size()) step(bytes[read++]);
  }
  return read;
}

// Most of a head are bytes that change no state. They are counted together; what ends them, and the
// byte that goes beyond a limit, are for step().
std::size_t HeadScanner::skip_plain(std::string_view bytes) {
  switch (state_) {
    case State::kTarget: {
      const std::size_t count =
          run_of(kTargetChars, bytes, limits_.request_line_bytes_max - request_line_bytes_);
      request_line_bytes_ += count;
      part_bytes_ += count;
      return count;
    }
    case State::kName:
    case State::kValue: {
      const auto& plain = state_ == State::kName ? kTokenChars : kValueChars;
      const std::size_t count = run_of(plain, bytes, limits_.header_bytes_max - header_bytes_);
      header_bytes_ += count;
      return count;
    }
    default:
      return 0;
  }
}

void HeadScanner::step(char c) {
  switch (state_) {
    case State::kStart:
      // RFC 9112, 2.2: clients are known to send an empty line after a body.
      if (c == '\r') {
        state_ = State::kEmptyLineEnd;
        return;
      }
      [[fallthrough]];
    case State::kMethodStart:
      state_ = State::kMethod;
      part_bytes_ = 0;
      [[fallthrough]];
    case State::kMethod:
    case State::kTarget:
    case State::kVersion:
      return step_request_line(c);
    case State::kEmptyLineEnd:
      return expect_line_feed(c, State::kMethodStart);
    case State::kLineEnd:
      return expect_line_feed(c, State::kLineStart);
    case State::kLineStart:
    case State::kName:
    case State::kValue:
      return step_header(c);
    case State::kHeadEnd:
      return expect_line_feed(c, State::kComplete);
    case State::kComplete:
      return;
  }
}

void HeadScanner::step_request_line(char c) {
  if (c == '\r' && state_ == State::kVersion) {
    state_ = State::kLineEnd;
    return;
  }
  if (++request_line_bytes_ > limits_.request_line_bytes_max) {
    return fail(414, "request line too long");
  }
  if (c == ' ' && state_ != State::kVersion && part_bytes_ > 0) {
    state_ = state_ == State::kMethod ? State::kTarget : State::kVersion;
    part_bytes_ = 0;
    return;
  }
  const bool good = state_ == State::kMethod ? is_token_char(c) : is_target_char(c);
  if (!good) return fail(400, "malformed request line");
  ++part_bytes_;
}

void HeadScanner::step_header(char c) {
  // The last two bytes of the head, an empty line, are not counted as headers.
  if (state_ == State::kLineStart && c == '\r') {
    state_ = State::kHeadEnd;
    return;
  }
  // A line's LF is counted here too, at its CR, so that every line end costs two.
  header_bytes_ += c == '\r' ? 2 : 1;
  if (header_bytes_ > limits_.header_bytes_max) return fail(431, "headers too large");
  if (state_ == State::kLineStart) return start_line(c);
  if (state_ == State::kName) {
    if (c == ':') {
      state_ = State::kValue;
    } else if (c == ' ' || c == '\t') {
      fail(400, "white space in a header name");
    } else if (!is_token_char(c)) {
      fail(400, "malformed header name");
    }
    return;
  }
  if (c == '\r') {
    state_ = State::kLineEnd;
  } else if (c == '\n') {
    fail(400, "bare line feed");
  } else if (!is_value_char(c)) {
    fail(400, "control byte in a header");
  }
}

void HeadScanner::start_line(char c) {
  if (c == ' ' || c == '\t') return fail(400, "folded header line");
  if (!is_token_char(c)) return fail(400, "malformed header name");
  if (++headers_ > limits_.headers_max) return fail(431, "too many headers");
  state_ = State::kName;
}

void HeadScanner::expect_line_feed(char c, State next) {
  if (c != '\n') return fail(400, "bare carriage return");
  state_ = next;
}

void HeadScanner::fail(int status, std::string_view reason) { error_ = Error{status, reason}; }

}  // namespace madang::http
