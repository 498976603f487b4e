// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace madang::http {

// Who is addressed: what a Host header holds, and an origin behind its scheme.
struct Authority {
  std::string host;  // In lower case; an IPv6 address keeps its brackets.
  std::optional<std::uint16_t> port;
};

// Reads "host" or "host:port": a name of letters, digits, '-', '_' and '.', or an address in
// brackets; a port from 1 to 65535. Anything else, such as a user or a path, yields nothing.
std::optional<Authority> parse_authority(std::string_view text);

// Reads all of `text` as a number of decimal digits in the range of a port.
std::optional<std::uint16_t> parse_port(std::string_view text);

}  // namespace madang::http
