// SPDX-License-Identifier: Apache-2.0
#include "auth/json_object.h"

#include <algorithm>
#include <vector>

#include "madang/base/json.h"

namespace madang {
namespace {

using simdjson::dom::element;

constexpr std::string_view kTwice = "a member of JSON is there twice";
constexpr std::string_view kNotUtf8 = "a string of JSON is not UTF-8";

// A string can leave UTF-8 by an escape: half of a surrogate pair.
std::string_view check_all(element root) {
  std::vector<element> waiting{root};
  std::vector<std::string_view> names;
  while (!waiting.empty()) {
    const auto next = waiting.back();
    waiting.pop_back();
    std::string_view text;
    simdjson::dom::array array;
    simdjson::dom::object object;
    if (!next.get(text)) {
      if (!simdjson::validate_utf8(text)) return kNotUtf8;
    } else if (!next.get(array)) {
      for (const auto child : array)
        waiting.push_back(child);
    } else if (!next.get(object)) {
      names.clear();
      for (const auto& field : object) {
        if (!simdjson::validate_utf8(field.key)) return kNotUtf8;
        names.push_back(field.key);
        waiting.push_back(field.value);
      }
      std::sort(names.begin(), names.end());
      if (std::adjacent_find(names.begin(), names.end()) != names.end()) return kTwice;
    }
  }
  return {};
}

}  // namespace

std::string_view read_json_object(std::string_view text, simdjson::dom::object& object) {
  thread_local simdjson::dom::parser parser;
  if (text.size() > kJsonTextBytesMax) return "JSON is too long";
  if (parser.capacity() < text.size() || parser.max_depth() != kJsonDepthMax) {
    if (parser.allocate(text.size() + 64, kJsonDepthMax) != simdjson::SUCCESS) {
      return "no memory to read JSON";
    }
  }
  element root;
  const auto error = parser.parse(text.data(), text.size(), true).get(root);
  if (error == simdjson::DEPTH_ERROR) return "JSON nests too deep";
  if (error != simdjson::SUCCESS) return "not valid JSON";
  if (root.get(object) != simdjson::SUCCESS) return "JSON is not an object";
  return check_all(root);
}

}  // namespace madang
