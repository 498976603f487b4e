// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <simdjson.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// Reading of small JSON objects in which what is absent stands for zero.
namespace madang::sim {

using Object = simdjson::dom::object;

// Members that are absent stand for zero, as the protocol says.
inline std::uint64_t number_in(const Object& object, std::string_view key) {
  std::uint64_t value = 0;
  if (object.at_key(key).get(value) != simdjson::SUCCESS) return 0;
  return value;
}
inline bool flag_in(const Object& object, std::string_view key) {
  bool value = false;
  return object.at_key(key).get(value) == simdjson::SUCCESS && value;
}
inline std::string text_in(const Object& object, std::string_view key) {
  std::string_view value;
  if (object.at_key(key).get(value) != simdjson::SUCCESS) return {};
  return std::string(value);
}
inline std::optional<Object> object_in(const Object& object, std::string_view key) {
  Object value;
  if (object.at_key(key).get(value) != simdjson::SUCCESS) return std::nullopt;
  return value;
}

// Takes the first line, as a string because the parser wants room behind it.
inline std::string next_line(std::string_view& frame) {
  const auto line = frame.substr(0, frame.find('\n'));
  frame.remove_prefix(std::min(frame.size(), line.size() + 1));
  return std::string(line);
}

}  // namespace madang::sim
