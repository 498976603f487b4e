// SPDX-License-Identifier: Apache-2.0
#include "madang/http/request.h"

#include <algorithm>

#include "http/ascii.h"

namespace madang::http {

const std::string* Request::find(std::string_view name) const {
  for (const Header& header : headers) {
    if (equals_ignoring_case(header.name, name)) return &header.value;
  }
  return nullptr;
}

std::size_t Request::count(std::string_view name) const {
  return static_cast<std::size_t>(std::count_if(
      headers.begin(), headers.end(),
      [name](const Header& header) { return equals_ignoring_case(header.name, name); }));
}

bool Request::lists(std::string_view name, std::string_view token) const {
  for (const Header& header : headers) {
    if (!equals_ignoring_case(header.name, name)) continue;
    std::string_view rest = header.value;
    while (!rest.empty()) {
      if (equals_ignoring_case(next_member(rest), token)) return true;
    }
  }
  return false;
}

}  // namespace madang::http
