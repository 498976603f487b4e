// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "madang/http/request_parser.h"

namespace madang::http {

// Finds the end of a request's head and enforces, byte by byte, what http-parser is lenient about:
// line ends, folding, white space, control bytes and the limits. It keeps a state and a few counts,
// so that a head that trickles in is read once and a bad one is refused at its first bad byte.
//
//   start --+--> method --> target --> version --> line end --+--> name --> value --> line end
//           |                                                 |                          |
//     one empty line                                          +<-------------------------+
//                                                             +--> last line end --> complete
class HeadScanner {
 public:
  explicit HeadScanner(const RequestLimits& limits) : limits_(limits) {}

  // Reads until the head is complete or bad, or `bytes` are used up. Returns the bytes read, a bad
  // one included.
  std::size_t scan(std::string_view bytes);

  bool complete() const { return state_ == State::kComplete; }
  const std::optional<Error>& error() const { return error_; }

 private:
  enum class State {
    kStart,
    kEmptyLineEnd,
    kMethodStart,
    kMethod,
    kTarget,
    kVersion,
    kLineEnd,
    kLineStart,
    kName,
    kValue,
    kHeadEnd,
    kComplete,
  };

  std::size_t skip_plain(std::string_view bytes);
  void step(char c);
  void step_request_line(char c);
  void step_header(char c);
  void start_line(char c);
  void expect_line_feed(char c, State next);
  void fail(int status, std::string_view reason);

  const RequestLimits limits_;
  State state_ = State::kStart;
  std::size_t request_line_bytes_ = 0;
  std::size_t header_bytes_ = 0;
  std::size_t headers_ = 0;
  std::size_t part_bytes_ = 0;  // Of the word of the request line under way.
  std::optional<Error> error_;
};

}  // namespace madang::http
