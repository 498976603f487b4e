// SPDX-License-Identifier: Apache-2.0
#include "page_check.h"

#include <algorithm>
#include <string>
#include <utility>

namespace madang {

namespace {

// How long a browser may remember that a page may.
constexpr std::string_view kRememberS = "3600";

bool lists_method(std::string_view methods, std::string_view method) {
  while (!methods.empty()) {
    const std::size_t end = std::min(methods.find(", "), methods.size());
    if (methods.substr(0, end) == method) return true;
    methods.remove_prefix(std::min(end + 2, methods.size()));
  }
  return false;
}

// A browser leaves out Origin where a page asks its own server by GET, and also where a page of
// somebody else has it fetch something as an image, with the user's cookies. Browsers of today say
// which of the two it is, and no page can have them say otherwise.
bool absent_origin_may(const Door& door, const http::Request& request) {
  const std::string* const site = request.find("Sec-Fetch-Site");
  return site == nullptr ? door.options().allow_absent_origin : *site == "same-origin";
}

}  // namespace

bool page_may_connect(const Door& door, const http::Request& request) {
  switch (door.options().origins.check(request)) {
    case http::OriginPolicy::Verdict::kAllowed:
      return true;
    case http::OriginPolicy::Verdict::kAbsent:
      return absent_origin_may(door, request);
    case http::OriginPolicy::Verdict::kRefused:
      return false;
  }
  return false;
}

void let_page_read(const http::Request& request, http::Response& response) {
  response.headers.push_back({"Vary", "Origin"});
  const std::string* const origin = request.find("Origin");
  if (origin == nullptr) return;
  response.headers.push_back({"Access-Control-Allow-Origin", *origin});
  response.headers.push_back({"Access-Control-Allow-Credentials", "true"});
}

std::optional<http::Response> answer_early(Door& door, const http::Request& request,
                                           std::string_view methods) {
  if (!page_may_connect(door, request)) {
    door.counters().origins_refused.add();
    http::Response refusal = http::text_response(403, "origin not allowed");
    refusal.headers.push_back({"Vary", "Origin"});
    return refusal;
  }
  if (lists_method(methods, request.method)) return std::nullopt;
  const bool asks = request.method == "OPTIONS";
  http::Response response = http::text_response(405, "method not allowed");
  if (asks) {
    response = http::Response();
    response.status = 204;
  }
  response.omit_body = request.method == "HEAD";
  response.headers.push_back({"Allow", std::string(methods).append(", OPTIONS")});
  let_page_read(request, response);
  if (asks && request.find("Origin") != nullptr) {
    response.headers.push_back({"Access-Control-Allow-Methods", std::string(methods)});
    response.headers.push_back({"Access-Control-Allow-Headers", "Content-Type"});
    response.headers.push_back({"Access-Control-Max-Age", std::string(kRememberS)});
  }
  return response;
}

}  // namespace madang
