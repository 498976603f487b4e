// SPDX-License-Identifier: Apache-2.0
#include "http/head_parser.h"

#include <http_parser.h>

#include <string>

#include "http/ascii.h"

namespace madang::http {
namespace {

// What clients send with a handshake, more or less.
constexpr std::size_t kHeadersExpected = 12;

// http-parser may hand out a piece of text in several calls, so everything is appended.
struct Collector {
  Request& request;
  bool in_value = true;  // A name that follows a value begins a new header.

  static Collector& of(http_parser* parser) { return *static_cast<Collector*>(parser->data); }

  static int on_url(http_parser* parser, const char* at, size_t length) {
    of(parser).request.target.append(at, length);
    return 0;
  }

  static int on_header_field(http_parser* parser, const char* at, size_t length) {
    Collector& self = of(parser);
    if (self.in_value) self.request.headers.emplace_back();
    self.in_value = false;
    self.request.headers.back().name.append(at, length);
    return 0;
  }

  static int on_header_value(http_parser* parser, const char* at, size_t length) {
    Collector& self = of(parser);
    self.in_value = true;
    self.request.headers.back().value.append(at, length);
    return 0;
  }

  // Stops before http-parser decides how long the body is: request_check.cc does that.
  static int on_headers_complete(http_parser* parser) {
    of(parser).request.method = http_method_str(static_cast<http_method>(parser->method));
    http_parser_pause(parser, 1);
    return 0;
  }
};

// Where the query of the target stands, its question mark included.
struct Query {
  std::size_t begin = 0;
  std::size_t end = 0;
};

// The query may hold whatever a target may, which HeadScanner has seen to, so that it is not given
// to http-parser: it can be long, and costs ten times what the scanner takes for it. What does not
// begin with a slash is all for http-parser.
Query find_query(std::string_view head) {
  const std::size_t target = head.find(' ', head.find_first_not_of("\r\n")) + 1;
  const std::size_t end = head.find(' ', target);
  const std::size_t begin = head.substr(0, end).find('?', target);
  if (head[target] != '/' || begin == std::string_view::npos) return {};
  return {begin, end};
}

Error error_of(http_errno code) {
  switch (code) {
    case HPE_INVALID_METHOD:
      return {501, "method not supported"};
    case HPE_INVALID_URL:
      return {400, "malformed target"};
    case HPE_HEADER_OVERFLOW:
      return {431, "headers too large"};
    case HPE_INVALID_CONTENT_LENGTH:
      return {400, "malformed Content-Length"};
    case HPE_UNEXPECTED_CONTENT_LENGTH:
      return {400, "ambiguous length of the body"};
    case HPE_INVALID_TRANSFER_ENCODING:
      return {400, "malformed Transfer-Encoding"};
    default:
      return {400, "malformed request"};
  }
}

}  // namespace

std::optional<Error> parse_head(std::string_view head, Request& request) {
  http_parser_settings settings;
  http_parser_settings_init(&settings);
  settings.on_url = Collector::on_url;
  settings.on_header_field = Collector::on_header_field;
  settings.on_header_value = Collector::on_header_value;
  settings.on_headers_complete = Collector::on_headers_complete;

  Collector collector{request};
  request.headers.reserve(kHeadersExpected);
  http_parser parser;
  http_parser_init(&parser, HTTP_REQUEST);
  parser.data = &collector;
  const Query query = find_query(head);
  if (query.end > 0) {
    http_parser_execute(&parser, &settings, head.data(), query.begin);
    request.target.append(head.substr(query.begin, query.end - query.begin));
  }
  if (HTTP_PARSER_ERRNO(&parser) == HPE_OK) {
    const std::string_view rest = head.substr(query.end);
    http_parser_execute(&parser, &settings, rest.data(), rest.size());
  }

  const http_errno code = HTTP_PARSER_ERRNO(&parser);
  if (code != HPE_PAUSED) return error_of(code);
  if (parser.http_major != 1 || parser.http_minor != 1)
    return Error{505, "only HTTP/1.1 is spoken"};

  for (Header& header : request.headers) {
    const std::string_view value = trim(header.value);
    if (value.size() != header.value.size()) header.value = std::string(value);
  }
  return std::nullopt;
}

}  // namespace madang::http
