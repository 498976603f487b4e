// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"

namespace madang {

// XXH3 with a secret drawn once a process, for tables whose keys others choose: nobody outside can
// aim names at one bucket. Transparent: looks a string_view up without making a string.
struct StringHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const noexcept;
};

struct StringEqual {
  using is_transparent = void;
  bool operator()(std::string_view a, std::string_view b) const noexcept { return a == b; }
};

template <typename Value>
using StringMap = absl::flat_hash_map<std::string, Value, StringHash, StringEqual>;

// XXH3 with a fixed seed: the same on every node and in every run. Decides placement, never a
// bucket of a table.
std::uint64_t placement_hash(std::string_view text) noexcept;

}  // namespace madang
