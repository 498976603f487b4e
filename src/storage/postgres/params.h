// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace madang::postgres {

// An array of bigint in PostgreSQL's binary form, as a parameter and as a field of COPY.
std::string number_array(std::span<const std::int64_t> numbers);
std::string bytes_array(std::span<const std::string_view> values);

// The parameters of one statement, all in binary; the statement says their types by casts.
class Params {
 public:
  Params& number(std::int64_t value);
  Params& offset(std::uint64_t value) { return number(static_cast<std::int64_t>(value)); }
  Params& bytes(std::string_view value) {
    values_.emplace_back(value);
    return *this;
  }
  Params& numbers(std::span<const std::int64_t> values) {
    values_.push_back(number_array(values));
    return *this;
  }
  Params& many_bytes(std::span<const std::string_view> values) {
    values_.push_back(bytes_array(values));
    return *this;
  }

  const std::vector<std::string>& values() const { return values_; }

 private:
  std::vector<std::string> values_;
};

}  // namespace madang::postgres
