// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "absl/functional/function_ref.h"
#include "madang/base/payload.h"

namespace madang::centrifuge {

using JsonValue = simdjson::ondemand::value;

// Where the value of a member goes.

// Any JSON value as it stands, and null is one.
struct Checked {
  Payload* to;
};
// The same; whoever gets it checks that it is JSON.
struct Unchecked {
  Payload* to;
};
// Only whether it is there.
struct Given {
  bool* to;
};
using ReadValue = absl::FunctionRef<bool(JsonValue)>;

struct JsonField {
  std::string_view name;
  std::variant<std::string*, bool*, std::int32_t*, std::uint32_t*, std::uint64_t*, Checked,
               Unchecked, Given, ReadValue>
      to;
};

// Reads an object as `fields`, at most 32, say. What is not there leaves its place untouched, as
// does null. Members of other names are checked and ignored.
//
// False if it is no object, a value has another type or does not fit, a name of `fields` comes
// twice, or something is not JSON.
bool read_object(JsonValue value, std::span<const JsonField> fields);
bool read_object(simdjson::ondemand::object object, std::span<const JsonField> fields);

// Reads one string, which is valid UTF-8 then.
bool read_string(JsonValue value, std::string& to);

// Whether it is one whole JSON value, nested no deeper than kJsonDepthMax.
bool check_value(JsonValue value);

}  // namespace madang::centrifuge
