// SPDX-License-Identifier: Apache-2.0
#include "http/request_check.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include "http/ascii.h"
#include "http/authority.h"
#include "http/percent.h"

namespace madang::http {
namespace {

using Result = std::optional<Error>;

constexpr std::array<std::string_view, 7> kMethods = {"GET",   "HEAD",   "POST",   "PUT",
                                                      "PATCH", "DELETE", "OPTIONS"};

bool has_dot_segment(std::string_view path) {
  while (!path.empty()) {
    path.remove_prefix(1);
    const std::string_view segment = path.substr(0, path.find('/'));
    if (segment == "." || segment == "..") return true;
    path.remove_prefix(segment.size());
  }
  return false;
}

Result check_target(Request& request) {
  const std::string_view target = request.target;
  if (!target.starts_with('/')) return Error{400, "target is not a path"};
  if (target.find('#') != std::string_view::npos) return Error{400, "fragment in the target"};

  const std::size_t question = std::min(target.find('?'), target.size());
  const std::string_view raw_path = target.substr(0, question);
  request.query = target.substr(std::min(question + 1, target.size()));

  std::optional<std::string> path = percent_decode(raw_path, Plus::kLiteral);
  if (!path || !is_percent_encoded(request.query)) {
    return Error{400, "malformed percent-encoding"};
  }
  // An encoded slash means another path to a proxy that does not decode.
  if (std::count(path->begin(), path->end(), '/') !=
      std::count(raw_path.begin(), raw_path.end(), '/')) {
    return Error{400, "encoded slash in the path"};
  }
  if (std::any_of(path->begin(), path->end(), is_control)) {
    return Error{400, "control byte in the path"};
  }
  if (has_dot_segment(*path)) return Error{400, "dot segment in the path"};
  request.path = *std::move(path);
  return std::nullopt;
}

Result check_host(const Request& request) {
  if (request.count("Host") != 1) return Error{400, "exactly one Host is required"};
  if (!parse_authority(*request.find("Host"))) return Error{400, "malformed Host"};
  return std::nullopt;
}

std::optional<std::uint64_t> parse_length(std::string_view text) {
  constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();
  if (text.empty()) return std::nullopt;
  std::uint64_t length = 0;
  for (char c : text) {
    if (!is_digit(c)) return std::nullopt;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (length > (kMax - digit) / 10) return std::nullopt;
    length = length * 10 + digit;
  }
  return length;
}

std::size_t body_bytes_max(const RequestLimits& limits, std::string_view path) {
  const auto bound = std::ranges::find(limits.body_bounds, path, &RequestLimits::BodyBound::path);
  return bound == limits.body_bounds.end() ? limits.body_bytes_max : bound->bytes_max;
}

Result check_framing(const RequestLimits& limits, const Request& request, BodyPlan& plan) {
  const std::size_t lengths = request.count("Content-Length");
  const std::size_t codings = request.count("Transfer-Encoding");
  if (lengths + codings == 0) return std::nullopt;
  plan.bytes_max = body_bytes_max(limits, request.path);
  if (lengths + codings > 1) return Error{400, "ambiguous length of the body"};

  if (codings == 1) {
    const bool chunked = equals_ignoring_case(*request.find("Transfer-Encoding"), "chunked");
    if (!chunked || !limits.allow_chunked) return Error{501, "transfer coding not supported"};
    plan.chunked = true;
    return std::nullopt;
  }
  const std::optional<std::uint64_t> length = parse_length(*request.find("Content-Length"));
  if (!length) return Error{400, "malformed Content-Length"};
  if (*length > plan.bytes_max) return Error{413, "body too large"};
  plan.length = static_cast<std::size_t>(*length);
  return std::nullopt;
}

Result check_expectation(const Request& request, BodyPlan& plan) {
  const std::size_t expectations = request.count("Expect");
  if (expectations == 0) return std::nullopt;
  if (expectations > 1 || !equals_ignoring_case(*request.find("Expect"), "100-continue")) {
    return Error{417, "expectation not supported"};
  }
  plan.expects_continue = plan.chunked || plan.length > 0;
  return std::nullopt;
}

}  // namespace

Result check_request(const RequestLimits& limits, Request& request, BodyPlan& plan) {
  if (Result error = check_target(request)) return error;
  if (std::find(kMethods.begin(), kMethods.end(), request.method) == kMethods.end()) {
    return Error{501, "method not supported"};
  }
  if (Result error = check_host(request)) return error;
  if (Result error = check_framing(limits, request, plan)) return error;
  return check_expectation(request, plan);
}

}  // namespace madang::http
