// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <doctest/doctest.h>

#include <cstddef>
#include <random>
#include <string>
#include <string_view>

#include "madang/http/request_parser.h"

namespace madang::http::test {

// What came of feeding some bytes until a request was complete or refused, or the bytes used up.
struct Outcome {
  RequestParser::Status status = RequestParser::Status::kNeedMore;
  std::size_t consumed = 0;
  Error error{0, ""};
  Request request;
};

// Feeds pieces whose sizes `next_size` chooses, which is given the number of bytes left.
template <class NextSize>
Outcome feed(std::string_view bytes, const RequestLimits& limits, NextSize next_size) {
  RequestParser parser(limits);
  Outcome outcome;
  while (!bytes.empty() && outcome.status == RequestParser::Status::kNeedMore) {
    const std::string_view piece = bytes.substr(0, next_size(bytes.size()));
    const RequestParser::Progress progress = parser.feed(piece);
    REQUIRE(progress.consumed <= piece.size());
    if (progress.status == RequestParser::Status::kNeedMore) {
      REQUIRE(progress.consumed == piece.size());
    }
    outcome.status = progress.status;
    outcome.consumed += progress.consumed;
    bytes.remove_prefix(progress.consumed);
  }
  if (outcome.status == RequestParser::Status::kComplete) outcome.request = parser.take_request();
  if (outcome.status == RequestParser::Status::kFailed) outcome.error = parser.error();
  return outcome;
}

inline Outcome feed_whole(std::string_view bytes, const RequestLimits& limits = {}) {
  return feed(bytes, limits, [](std::size_t left) { return left; });
}

inline Outcome feed_by_byte(std::string_view bytes, const RequestLimits& limits = {}) {
  return feed(bytes, limits, [](std::size_t) { return std::size_t{1}; });
}

inline Outcome feed_split(std::string_view bytes, std::size_t at, const RequestLimits& limits) {
  bool first = true;
  return feed(bytes, limits, [&first, at](std::size_t left) {
    const std::size_t size = first && at > 0 ? at : left;
    first = false;
    return size;
  });
}

inline Outcome feed_randomly(std::string_view bytes, const RequestLimits& limits,
                             std::mt19937& random) {
  return feed(bytes, limits, [&random](std::size_t) { return std::size_t{1} + random() % 40; });
}

// All of an outcome as text, to compare and to show.
inline std::string describe(const Outcome& outcome) {
  std::string text = std::to_string(static_cast<int>(outcome.status)) + " after " +
                     std::to_string(outcome.consumed) + ": " +
                     std::to_string(outcome.error.status) + ' ' +
                     std::string(outcome.error.reason) + '\n';
  const Request& request = outcome.request;
  for (const std::string* part :
       {&request.method, &request.target, &request.path, &request.query, &request.body}) {
    text += *part + '\n';
  }
  for (const Header& header : request.headers)
    text += header.name + '=' + header.value + '\n';
  return text;
}

// Feeds the bytes whole, one at a time, and cut in two at every place; checks that this makes no
// difference.
inline Outcome feed_every_way(std::string_view bytes, const RequestLimits& limits = {}) {
  const Outcome whole = feed_whole(bytes, limits);
  const std::string expected = describe(whole);
  CHECK(describe(feed_by_byte(bytes, limits)) == expected);
  for (std::size_t at = 1; at < bytes.size(); ++at) {
    const std::string split = describe(feed_split(bytes, at, limits));
    if (split == expected) continue;
    CAPTURE(at);
    CHECK(split == expected);
  }
  return whole;
}

// The status with which a request is refused, or 0 if it is not.
inline int refusal_of(std::string_view bytes, const RequestLimits& limits = {}) {
  return feed_every_way(bytes, limits).error.status;
}

// A GET with the given header lines, each with its line end, besides Host.
inline std::string get_with(std::string_view header_lines) {
  return "GET / HTTP/1.1\r\nHost: example.com\r\n" + std::string(header_lines) + "\r\n";
}

inline std::string get_target(std::string_view target) {
  return "GET " + std::string(target) + " HTTP/1.1\r\nHost: example.com\r\n\r\n";
}

}  // namespace madang::http::test
