// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "madang/http/headers.h"

namespace madang::http {

// Why a request was refused: the status to answer with and a short fixed text, which contains
// nothing of what the client sent and lives as long as the program.
struct Error {
  int status = 400;
  std::string_view reason;
};

// A request that RequestParser has let through, so that its reader can rely on the following: it
// is HTTP/1.1 and has exactly one well-formed Host, its path starts with a slash, and no name or
// value contains a control byte other than a tab. The strings own their bytes.
struct Request {
  // One of GET, HEAD, POST, PUT, PATCH, DELETE and OPTIONS.
  std::string method;

  // Path and query as they came, for example "/rooms/a%20b?limit=5".
  std::string target;

  // The path, percent-decoded: "/rooms/a b". It has no segment "." or "..", no control byte and no
  // slash that was encoded. Its bytes need not be UTF-8.
  std::string path;

  // What follows the first question mark, not decoded (see query.h): "limit=5".
  std::string query;

  // The minor version, 1: other versions are answered with 505.
  int version_minor = 1;

  Headers headers;

  // The whole body, without its chunked coding.
  std::string body;

  // The value of the first header of this name, or nullptr. It lives as long as the request.
  const std::string* find(std::string_view name) const;

  // The number of headers of this name.
  std::size_t count(std::string_view name) const;

  // Whether a header of this name, read as a list with commas, names `token`; neither has regard to
  // case. `lists("Connection", "upgrade")` is true for "Connection: keep-alive, Upgrade".
  bool lists(std::string_view name, std::string_view token) const;

  // Whether the client asked to have the connection closed after the response.
  bool wants_close() const { return lists("Connection", "close"); }
};

}  // namespace madang::http
