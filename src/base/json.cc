// SPDX-License-Identifier: Apache-2.0
#include "madang/base/json.h"

#include <simdjson.h>

#include <cassert>
#include <string>

namespace madang {
namespace {

// A parser keeps the memory of the longest text it has seen; beyond this it is not kept.
constexpr std::size_t kKeptCapacityBytes = 256 * 1024;

simdjson::error_code parse_once(simdjson::dom::parser& parser, std::string_view text) {
  if (parser.capacity() < text.size() || parser.max_depth() != kJsonDepthMax) {
    const auto error = parser.allocate(text.size() + 64, kJsonDepthMax);
    if (error != simdjson::SUCCESS) return error;
  }
  // The parser copies the text to where reading past its end is safe.
  return parser.parse(text.data(), text.size(), true).error();
}

// Two searches for one character each, because one for either of two looks at every byte by itself.
bool has_line_break(std::string_view text) {
  return text.find('\n') != std::string_view::npos || text.find('\r') != std::string_view::npos;
}

}  // namespace

absl::StatusOr<Payload> checked_json_of(const Payload& payload) {
  if (payload.is_json()) return payload;
  return checked_json(payload.view());
}

absl::StatusOr<Payload> checked_json(std::string_view text) {
  simdjson::error_code error;
  if (text.size() > kKeptCapacityBytes) {
    simdjson::dom::parser parser;
    error = parse_once(parser, text);
  } else {
    thread_local simdjson::dom::parser parser;
    error = parse_once(parser, text);
  }
  if (error != simdjson::SUCCESS) return absl::InvalidArgumentError("payload is not valid JSON");
  return compact_json(text);
}

Payload compact_json(std::string_view text) {
  if (!has_line_break(text)) return Payload::of_json(text);
  std::string compact(text.size() + simdjson::SIMDJSON_PADDING, '\0');
  std::size_t size = 0;
  // It refuses nothing but a string without end.
  [[maybe_unused]] const auto error =
      simdjson::minify(text.data(), text.size(), compact.data(), size);
  assert(error == simdjson::SUCCESS);
  return Payload::of_json(std::string_view(compact.data(), size));
}

}  // namespace madang
