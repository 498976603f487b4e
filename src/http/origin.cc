// SPDX-License-Identifier: Apache-2.0
#include "madang/http/origin.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "http/ascii.h"
#include "http/authority.h"

namespace madang::http {
namespace {

std::uint16_t default_port(std::string_view scheme) {
  if (scheme == "http" || scheme == "ws") return 80;
  if (scheme == "https" || scheme == "wss") return 443;
  return 0;
}

bool is_scheme_char(char c) { return is_alnum(c) || c == '+' || c == '-' || c == '.'; }

// Whether the host and port are those that a page of this server has.
bool is_own(const Origin& origin, const Request& request, std::string_view scheme) {
  const std::string* host = request.find("Host");
  if (!host) return false;
  const std::optional<Authority> own = parse_authority(*host);
  if (!own || own->host != origin.host) return false;
  if (!scheme.empty() && origin.scheme != scheme) return false;
  return own->port.value_or(default_port(origin.scheme)) == origin.port;
}

}  // namespace

std::optional<Origin> parse_origin(std::string_view text) {
  const std::size_t colon = text.find("://");
  if (colon == std::string_view::npos || colon == 0) return std::nullopt;
  Origin origin;
  origin.scheme = text.substr(0, colon);
  if (!std::all_of(origin.scheme.begin(), origin.scheme.end(), is_scheme_char)) return std::nullopt;
  std::transform(origin.scheme.begin(), origin.scheme.end(), origin.scheme.begin(), to_lower);

  std::optional<Authority> authority = parse_authority(text.substr(colon + 3));
  if (!authority) return std::nullopt;
  origin.host = std::move(authority->host);
  origin.port = authority->port.value_or(default_port(origin.scheme));
  return origin;
}

OriginPolicy OriginPolicy::same_origin() { return {}; }

OriginPolicy OriginPolicy::any() {
  OriginPolicy policy;
  policy.mode_ = Mode::kAny;
  return policy;
}

std::optional<OriginPolicy> OriginPolicy::list(const std::vector<std::string>& origins) {
  OriginPolicy policy;
  policy.mode_ = Mode::kList;
  for (const std::string& text : origins) {
    std::optional<Origin> origin = parse_origin(text);
    if (!origin) return std::nullopt;
    policy.origins_.push_back(*std::move(origin));
  }
  std::sort(policy.origins_.begin(), policy.origins_.end());
  return policy;
}

OriginPolicy::Verdict OriginPolicy::check(const Request& request, std::string_view scheme) const {
  const std::size_t count = request.count("Origin");
  if (count == 0) return Verdict::kAbsent;
  if (count > 1) return Verdict::kRefused;
  const std::optional<Origin> origin = parse_origin(*request.find("Origin"));
  if (!origin) return Verdict::kRefused;

  bool allowed = mode_ == Mode::kAny;
  if (mode_ == Mode::kList) {
    allowed = std::binary_search(origins_.begin(), origins_.end(), *origin);
  } else if (mode_ == Mode::kSameOrigin) {
    allowed = is_own(*origin, request, scheme);
  }
  return allowed ? Verdict::kAllowed : Verdict::kRefused;
}

}  // namespace madang::http
