// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "madang/http/request.h"

namespace madang::http {

// Undoes the chunked transfer coding. Strict where http-parser is not: a chunk's length has 1 to 8
// hexadecimal digits, every line ends in CR LF, extensions are skipped but short, and trailers are
// refused, because nobody here would read them.
class ChunkedDecoder {
 public:
  // Appends the data of `bytes` to `body`, which grows to at most `body_bytes_max`. Returns the
  // bytes read: up to the end of the last chunk, or up to and with a bad byte.
  std::size_t decode(std::string_view bytes, std::size_t body_bytes_max, std::string& body);

  bool complete() const { return state_ == State::kComplete; }
  const std::optional<Error>& error() const { return error_; }

 private:
  enum class State {
    kLength,
    kExtension,
    kLengthEnd,
    kData,
    kDataEnd,
    kDataEndLine,
    kLastLine,
    kLastLineEnd,
    kComplete,
  };

  void step(char c, std::size_t body_bytes_left);
  void step_length(char c, std::size_t body_bytes_left);
  void expect(char c, char wanted, State next);
  void fail(int status, std::string_view reason) { error_ = Error{status, reason}; }

  State state_ = State::kLength;
  std::size_t chunk_bytes_left_ = 0;
  std::size_t line_bytes_ = 0;  // Of the length's digits, then of the extension.
  std::optional<Error> error_;
};

}  // namespace madang::http
