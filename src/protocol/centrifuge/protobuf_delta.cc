// SPDX-License-Identifier: Apache-2.0
#include "protocol/centrifuge/protobuf_delta.h"

#include <algorithm>
#include <cstddef>
#include <string>

#include "madang/base/fossil_delta.h"

namespace madang::centrifuge {
namespace {

// Rooms allow far less unless they are told otherwise; above it the time of a patch would be felt.
constexpr std::size_t kDeltaBytesMax = 1024 * 1024;

struct Patches {
  FossilDeltaEncoder encoder;
  std::string patch;
};

}  // namespace

std::string_view patch_between(std::string_view before, std::string_view data) {
  if (std::max(before.size(), data.size()) > kDeltaBytesMax) return {};
  thread_local Patches patches;
  patches.encoder.encode(before, data, patches.patch);
  return patches.patch;
}

}  // namespace madang::centrifuge
