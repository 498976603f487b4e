// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

// Bytes of Protobuf made by hand, right or wrong.
namespace madang::centrifuge {

inline std::string varint(std::uint64_t value) {
  std::string out;
  for (; value >= 0x80; value >>= 7)
    out += static_cast<char>(value | 0x80);
  return out + static_cast<char>(value);
}

inline std::string tag(unsigned field, unsigned type) {
  return varint(std::uint64_t{field} << 3 | type);
}

inline std::string framed(std::string_view bytes) { return varint(bytes.size()).append(bytes); }

// A field with some value of the type.
inline std::string value(unsigned field, unsigned type) {
  const std::string begin = tag(field, type);
  switch (type) {
    case 0:
      return begin + varint(1);
    case 1:
      return begin + "12345678";
    case 2:
      return begin + framed("");
    case 3:
      return begin + tag(field, 4);
    default:
      return begin + "1234";
  }
}

}  // namespace madang::centrifuge
