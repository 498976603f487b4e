// SPDX-License-Identifier: Apache-2.0
#include "madang/base/text.h"

#include <cassert>
#include <cstring>
#include <limits>

namespace madang {

Text::Text(std::string_view text) {
  if (text.empty()) return;
  assert(text.size() <= std::numeric_limits<std::uint32_t>::max());
  const auto size = static_cast<std::uint32_t>(text.size());
  block_ = new char[sizeof size + text.size()];
  std::memcpy(block_, &size, sizeof size);
  std::memcpy(block_ + sizeof size, text.data(), text.size());
}

std::string_view Text::view() const {
  if (block_ == nullptr) return {};
  std::uint32_t size;
  std::memcpy(&size, block_, sizeof size);
  return {block_ + sizeof size, size};
}

}  // namespace madang
