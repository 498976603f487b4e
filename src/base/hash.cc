// SPDX-License-Identifier: Apache-2.0
#include "madang/base/hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "madang/base/random.h"

namespace madang {
namespace {

std::uint64_t process_secret() {
  static const std::uint64_t secret = SystemRandom().next();
  return secret;
}

}  // namespace

std::size_t StringHash::operator()(std::string_view text) const noexcept {
  return XXH3_64bits_withSeed(text.data(), text.size(), process_secret());
}

std::uint64_t placement_hash(std::string_view text) noexcept {
  return XXH3_64bits(text.data(), text.size());
}

}  // namespace madang
