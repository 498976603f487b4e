// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "madang/http/request.h"

namespace madang::http {

// Where a web page comes from. Two origins are the same if all three parts are.
struct Origin {
  std::string scheme;      // In lower case.
  std::string host;        // In lower case.
  std::uint16_t port = 0;  // For http, https, ws and wss the default if none is given; else 0.

  auto operator<=>(const Origin&) const = default;
};

// Reads "https://example.com" or "http://[::1]:8000". Nothing for anything else: "null", a path or
// even a slash at the end, a user, a wildcard, a host that is not ASCII (write it as "xn--...").
std::optional<Origin> parse_origin(std::string_view text);

// Decides which web pages may talk to the server. A browser sends the page's origin with every
// WebSocket handshake, and cookies with it whatever the page, so that without this check any page
// could act in its visitor's name.
//
// Origins are compared whole. "null", which sandboxed pages send, is refused whatever the policy.
// Immutable, hence safe to use from any thread.
class OriginPolicy {
 public:
  enum class Verdict {
    kAllowed,
    kAbsent,   // No browser sent this. Accept it only if a token, not a cookie, says who it is.
    kRefused,  // Answer 403.
  };

  // The page's host and port must be those that the request's Host names. This is the default.
  static OriginPolicy same_origin();

  // Only the origins of this list, which may name the server's own. Nothing if an entry is not an
  // origin in the sense of parse_origin().
  static std::optional<OriginPolicy> list(const std::vector<std::string>& origins);

  // Every page that has an origin. Only for servers that know their clients by token alone.
  static OriginPolicy any();

  OriginPolicy() = default;

  // `scheme` is "http" or "https" if the listener knows what the client used; same_origin() then
  // compares it too. Behind a proxy that ends TLS it is not known and left empty.
  Verdict check(const Request& request, std::string_view scheme = {}) const;

 private:
  enum class Mode { kSameOrigin, kList, kAny };

  Mode mode_ = Mode::kSameOrigin;
  std::vector<Origin> origins_;  // Sorted.
};

}  // namespace madang::http
