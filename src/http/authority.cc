// SPDX-License-Identifier: Apache-2.0
#include "http/authority.h"

#include <algorithm>
#include <cstddef>

#include "http/ascii.h"

namespace madang::http {
namespace {

constexpr std::size_t kHostBytesMax = 255;

bool is_name_char(char c) { return is_alnum(c) || c == '-' || c == '_' || c == '.'; }

bool is_address_char(char c) { return hex_value(c) >= 0 || c == ':' || c == '.'; }

// The length of the host at the front of `text`, or 0 if there is none.
std::size_t host_bytes(std::string_view text) {
  if (text.empty()) return 0;
  if (text.front() != '[') {
    return static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is_name_char) -
                                    text.begin());
  }
  const std::size_t end = text.find(']');
  if (end == std::string_view::npos || end < 3) return 0;
  const std::string_view address = text.substr(1, end - 1);
  return std::all_of(address.begin(), address.end(), is_address_char) ? end + 1 : 0;
}

}  // namespace

std::optional<std::uint16_t> parse_port(std::string_view text) {
  if (text.empty() || text.size() > 5) return std::nullopt;
  unsigned port = 0;
  for (char c : text) {
    if (!is_digit(c)) return std::nullopt;
    port = port * 10 + static_cast<unsigned>(c - '0');
  }
  if (port == 0 || port > 65535) return std::nullopt;
  return static_cast<std::uint16_t>(port);
}

std::optional<Authority> parse_authority(std::string_view text) {
  const std::size_t size = host_bytes(text);
  if (size == 0 || size > kHostBytesMax) return std::nullopt;
  Authority authority{std::string(text.substr(0, size)), std::nullopt};
  std::transform(authority.host.begin(), authority.host.end(), authority.host.begin(), to_lower);
  text.remove_prefix(size);
  if (text.empty()) return authority;
  if (text.front() != ':') return std::nullopt;
  authority.port = parse_port(text.substr(1));
  if (!authority.port) return std::nullopt;
  return authority;
}

}  // namespace madang::http
