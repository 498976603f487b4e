// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace madang::http {

// The parameters of a query string or of a form, decoded, in their order. Names are compared with
// regard to case and may repeat. Decoded text may hold any byte: check what you use.
class Query {
 public:
  struct Parameter {
    std::string name;
    std::string value;
  };

  // Reads "a=1&b=two+words&c": %XX is decoded, '+' is a space, a name without '=' has an empty
  // value, and empty pieces are skipped. Nothing if the percent-encoding is malformed or there are
  // more than `parameters_max` parameters.
  static std::optional<Query> parse(std::string_view text, std::size_t parameters_max = 64);

  // The value of the first parameter of this name, or nullptr. It lives as long as the query.
  const std::string* find(std::string_view name) const;

  const std::vector<Parameter>& parameters() const { return parameters_; }

 private:
  std::vector<Parameter> parameters_;
};

// The value of the first parameter of this name in a query, decoded as above, without reading more
// than that. Nothing if there is none, or one before it or itself cannot be decoded.
std::optional<std::string> find_parameter(std::string_view text, std::string_view name);

}  // namespace madang::http
