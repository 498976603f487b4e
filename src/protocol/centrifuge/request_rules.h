// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

namespace madang::centrifuge {

// What values in a request mean, whatever the wire format.

// The type of subscription, publication or refresh that rooms have; the others are of maps and
// polls.
inline constexpr std::int32_t kStreamType = 0;

// Below 0 is all, which the engine cuts to a page.
inline std::size_t messages_wanted(std::int32_t limit) {
  return limit < 0 ? std::numeric_limits<std::size_t>::max() : static_cast<std::size_t>(limit);
}

// Whether publishing like this is more than to send data into a room.
inline bool publishes_by_key(std::int32_t type, std::string_view key, bool removed) {
  return type != kStreamType || !key.empty() || removed;
}

}  // namespace madang::centrifuge
