// SPDX-License-Identifier: Apache-2.0
#include "madang/http/query.h"

#include <algorithm>
#include <utility>

#include "http/percent.h"

namespace madang::http {

namespace {

// One "name=value", still encoded.
struct Piece {
  std::string_view name;
  std::string_view value;
};

// Takes the first off the text; nothing if there is none left.
std::optional<Piece> next_piece(std::string_view& text) {
  while (text.starts_with('&'))
    text.remove_prefix(1);
  if (text.empty()) return std::nullopt;
  const std::string_view piece = text.substr(0, text.find('&'));
  text.remove_prefix(piece.size());
  const std::size_t equals = std::min(piece.find('='), piece.size());
  return Piece{piece.substr(0, equals), piece.substr(std::min(equals + 1, piece.size()))};
}

}  // namespace

std::optional<Query> Query::parse(std::string_view text, std::size_t parameters_max) {
  Query query;
  while (const auto piece = next_piece(text)) {
    if (query.parameters_.size() == parameters_max) return std::nullopt;
    std::optional<std::string> name = percent_decode(piece->name, Plus::kIsSpace);
    std::optional<std::string> value = percent_decode(piece->value, Plus::kIsSpace);
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

std::optional<std::string> find_parameter(std::string_view text, std::string_view name) {
  while (const auto piece = next_piece(text)) {
    bool found = piece->name == name;
    if (piece->name.find_first_of("%+") != std::string_view::npos) {
      const auto decoded = percent_decode(piece->name, Plus::kIsSpace);
      if (!decoded) return std::nullopt;
      found = *decoded == name;
    }
    if (found) return percent_decode(piece->value, Plus::kIsSpace);
  }
  return std::nullopt;
}

}  // namespace madang::http
