// SPDX-License-Identifier: Apache-2.0
#include "storage/postgres/params.h"

#include "storage/postgres/big_endian.h"

namespace madang::postgres {
namespace {

// From the server's catalogue, where they never change.
constexpr std::int32_t kByteaType = 17;
constexpr std::int32_t kBigintType = 20;

std::string array_head(std::size_t size, std::int32_t type) {
  std::string out;
  append_big(out, std::int32_t{size == 0 ? 0 : 1});  // dimensions
  append_big(out, std::int32_t{0});                  // no nulls
  append_big(out, type);
  if (size == 0) return out;
  append_big(out, static_cast<std::int32_t>(size));
  append_big(out, std::int32_t{1});  // the index of the first
  return out;
}

}  // namespace

std::string number_array(std::span<const std::int64_t> numbers) {
  std::string out = array_head(numbers.size(), kBigintType);
  for (const std::int64_t number : numbers)
    append_field(out, number);
  return out;
}

std::string bytes_array(std::span<const std::string_view> values) {
  std::string out = array_head(values.size(), kByteaType);
  for (const std::string_view value : values)
    append_field(out, value);
  return out;
}

Params& Params::number(std::int64_t value) {
  append_big(values_.emplace_back(), value);
  return *this;
}

}  // namespace madang::postgres
