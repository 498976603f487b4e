// SPDX-License-Identifier: Apache-2.0
#include "madang/http/query.h"

#include <algorithm>
#include <utility>

#include "http/percent.h"

namespace madang::http {

std::optional<Query> Query::parse(std::string_view text, std::size_t parameters_max) {
  Query query;
  while (!text.empty()) {
    const std::string_view piece = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(piece.size() + 1, text.size()));
    if (piece.empty()) continue;
    if (query.parameters_.size() == parameters_max) return std::nullopt;

    const std::size_t equals = std::min(piece.find('='), piece.size());
    std::optional<std::string> name = percent_decode(piece.substr(0, equals), Plus::kIsSpace);
    std::optional<std::string> value =
        percent_decode(piece.substr(std::min(equals + 1, piece.size())), Plus::kIsSpace);
    if (!name || !value) return std::nullopt;
    query.parameters_.push_back({*std::move(name), *std::move(value)});
  }
  return query;
}

const std::string* Query::find(std::string_view name) const {
  for (const Parameter& parameter : parameters_) {
    if (parameter.name == name) return &parameter.value;
  }
  return nullptr;
}

}  // namespace madang::http
