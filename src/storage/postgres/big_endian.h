// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

namespace madang::postgres {

// Numbers as PostgreSQL's binary formats have them.
template <typename Number>
Number read_big(const char* from) {
  std::make_unsigned_t<Number> value = 0;
  for (std::size_t i = 0; i < sizeof(Number); ++i)
    value = static_cast<decltype(value)>((value << 8) | static_cast<unsigned char>(from[i]));
  return static_cast<Number>(value);
}

template <typename Number>
void append_big(std::string& out, Number number) {
  const auto value = static_cast<std::make_unsigned_t<Number>>(number);
  char bytes[sizeof(Number)];
  for (std::size_t i = 0; i < sizeof(Number); ++i)
    bytes[i] = static_cast<char>((value >> (8 * (sizeof(Number) - 1 - i))) & 0xff);
  out.append(bytes, sizeof bytes);
}

// A field with its length before it, as in COPY and in arrays.
inline void append_field(std::string& out, std::string_view bytes) {
  append_big(out, static_cast<std::int32_t>(bytes.size()));
  out.append(bytes);
}

inline void append_field(std::string& out, std::int64_t number) {
  append_big(out, std::int32_t{sizeof number});
  append_big(out, number);
}

inline void append_null(std::string& out) { append_big(out, std::int32_t{-1}); }

}  // namespace madang::postgres
