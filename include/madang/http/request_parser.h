// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "madang/http/request.h"

namespace madang::http {

// What a request may cost. A limit is met as soon as the byte that exceeds it is read.
struct RequestLimits {
  // Method, target and version, without the line's end. More is answered with 414.
  std::size_t request_line_bytes_max = 8 * 1024;

  // All header lines with their line ends. More is answered with 431. Request line and headers
  // together cannot go beyond the 80 KiB of the parser underneath, whatever is set here.
  std::size_t header_bytes_max = 16 * 1024;

  // Header lines, those of the same name counted each. More is answered with 431.
  std::size_t headers_max = 100;

  // The body. More is answered with 413, for a Content-Length before any of the body is read.
  std::size_t body_bytes_max = 0;

  // Whether a body may come in chunks; if not, Transfer-Encoding is answered with 501.
  bool allow_chunked = false;

  // Paths, decoded, whose bodies have a bound of their own in place of body_bytes_max. What this
  // points at outlives the parsers.
  struct BodyBound {
    std::string_view path;
    std::size_t bytes_max = 0;
  };
  std::span<const BodyBound> body_bounds = {};
};

// Turns the bytes of a connection into requests, strictly: what two readers could understand in
// two ways is refused. That is, above what HTTP/1.1 forbids anyway,
//
//   400  a bare CR or LF, a folded header line, a space before a header's colon, a control byte;
//   400  a target that is not a path of its own ("http://...", "host:port", "*"), bad
//        percent-encoding, dot segments, an encoded slash or control byte in the path, a fragment;
//   400  no Host or several, or one that is not a host with an optional port;
//   400  a Content-Length that is repeated or not digits only, one beside a Transfer-Encoding, a
//        repeated Transfer-Encoding, chunks that are not well-formed, trailers;
//   417  an expectation other than 100-continue;
//   501  a method that Request does not name, a transfer coding other than "chunked";
//   505  a version other than 1.1.
//
// The parser knows no socket and no clock: deadlines are the caller's. It reads each byte once, in
// whatever pieces they come; the result does not depend on the pieces. While no request is under
// way it holds no buffer.
//
//   RequestParser parser;
//   RequestParser::Progress progress = parser.feed(bytes);
//   bytes.remove_prefix(progress.consumed);
//   if (progress.status == RequestParser::Status::kComplete) serve(parser.take_request());
//
// Not thread-safe: one thread at a time.
class RequestParser {
 public:
  enum class Status {
    kNeedMore,  // All bytes were consumed, and the request is not yet complete.
    kComplete,  // The request waits in take_request().
    kFailed,    // error() says why. The connection can only be answered and closed.
  };

  struct Progress {
    std::size_t consumed = 0;  // Bytes read, from the front of what was fed.
    Status status = Status::kNeedMore;
  };

  RequestParser();
  // The limits outlive the parser, and may be shared by all.
  explicit RequestParser(const RequestLimits& limits);
  explicit RequestParser(RequestLimits&&) = delete;
  ~RequestParser();
  RequestParser(RequestParser&&) noexcept;
  RequestParser& operator=(RequestParser&&) noexcept;

  // Reads up to the end of the request and no further: what follows (the next request, frames of
  // a WebSocket) stays with the caller. `bytes` need live only during the call. Consumes nothing
  // while a complete request waits to be taken, and nothing after a failure.
  Progress feed(std::string_view bytes);

  // Hands out the complete request and makes the parser ready for the next one. To be called once
  // after each kComplete.
  Request take_request();

  // Why parsing failed. To be called only after kFailed.
  const Error& error() const;

  // Whether not a byte of a request has come: a connection that is idle may be closed silently,
  // one that is not has earned a 408.
  bool idle() const { return !work_ && !error_; }

  // Whether the client waits for "100 Continue" (kContinue in response.h) before it sends the
  // body: the head is read, and of the body nothing has come.
  bool expects_continue() const;

 private:
  struct Work;

  // Reads from the front of `bytes` as far as one phase of the request reaches.
  std::size_t advance(std::string_view bytes);
  std::size_t read_head(std::string_view bytes);
  std::size_t read_chunks(std::string_view bytes);
  void finish_head();

  const RequestLimits* limits_;
  std::unique_ptr<Work> work_;  // What is known of the request under way; null between requests.
  std::optional<Error> error_;
};

}  // namespace madang::http
