// SPDX-License-Identifier: Apache-2.0
#include "protocol/centrifuge/protobuf_wire.h"

#include <algorithm>

namespace madang::centrifuge {
namespace {

// Takes the value of a field off the front. A group is a row of fields: only its depth changes.
bool skip_value(WireType type, std::string_view& from, std::size_t& depth) {
  std::uint64_t size = 0;
  switch (type) {
    case WireType::kVarint:
      return take_varint(from, size);
    case WireType::kFixed64:
      size = 8;
      break;
    case WireType::kBytes:
      if (!take_varint(from, size)) return false;
      break;
    case WireType::kGroup:
      return ++depth, true;
    case WireType::kGroupEnd:
      return depth-- > 0;
    case WireType::kFixed32:
      size = 4;
      break;
    default:
      return false;
  }
  if (size > from.size()) return false;
  from.remove_prefix(size);
  return true;
}

}  // namespace

bool take_varint(std::string_view& from, std::uint64_t& value) {
  value = 0;
  const std::size_t most = std::min(from.size(), kVarintBytesMax);
  for (std::size_t i = 0; i < most; ++i) {
    const auto byte = static_cast<unsigned char>(from[i]);
    if (i + 1 == kVarintBytesMax && byte > 1) return false;
    value |= std::uint64_t{byte & 0x7Fu} << (7 * i);
    if (byte < 0x80) {
      from.remove_prefix(i + 1);
      return true;
    }
  }
  return false;
}

bool take_message(std::string_view& from, std::string_view& message) {
  std::string_view rest = from;
  std::uint64_t size = 0;
  if (!take_varint(rest, size) || size > rest.size()) return false;
  message = rest.substr(0, size);
  from = rest.substr(size);
  return true;
}

bool has_any(std::string_view skipped, FieldSet known) {
  std::size_t depth = 0;
  while (!skipped.empty()) {
    std::uint64_t tag = 0;
    if (!take_varint(skipped, tag)) return true;
    if (depth == 0 && known.has(tag >> 3)) return true;
    if (!skip_value(static_cast<WireType>(tag & 7), skipped, depth)) return true;
  }
  return false;
}

}  // namespace madang::centrifuge
