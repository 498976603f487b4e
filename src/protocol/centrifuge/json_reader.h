// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "absl/functional/function_ref.h"
#include "madang/base/payload.h"
#include "protocol/centrifuge/json_value.h"

namespace madang::centrifuge {

// Where the value of a member goes.

// Any JSON value as it stands, nested no deeper than kJsonDepthMax, and null is one.
struct Data {
  Payload* to;
};
// Only whether it is there.
struct Given {
  bool* to;
};
using ReadValue = absl::FunctionRef<bool(const JsonValue&)>;

struct JsonField {
  std::string_view name;
  std::variant<std::string*, bool*, std::int32_t*, std::uint32_t*, std::uint64_t*, Data, Given,
               ReadValue>
      to;
};

// Reads an object as `fields`, at most 32, say. What is not there leaves its place untouched, as
// does null. Members of other names are ignored.
//
// False if it is no object, a value has another type or does not fit, a name of `fields` comes
// twice, or something nests deeper than kJsonDepthMax.
bool read_object(const JsonValue& value, std::span<const JsonField> fields);

// Whether it nests no deeper than a payload may.
bool is_shallow(const JsonValue& value);

}  // namespace madang::centrifuge
