// SPDX-License-Identifier: Apache-2.0
#include "protocol/centrifuge/json_reader.h"

#include <algorithm>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include "madang/base/json.h"

namespace madang::centrifuge {
namespace {

// Puts a value where it belongs.
struct Reading {
  const JsonValue& value;

  bool operator()(std::string* to) const { return to_string(value, *to); }
  bool operator()(bool* to) const { return put(to_bool(value), to); }
  bool operator()(std::uint64_t* to) const { return put(to_uint64(value), to); }
  bool operator()(std::uint32_t* to) const { return put(to_uint64(value), to); }
  bool operator()(std::int32_t* to) const { return put(to_int64(value), to); }

  bool operator()(Data data) const {
    if (!is_shallow(value)) return false;
    *data.to = compact_json(value.text());
    return true;
  }

  bool operator()(Given given) const {
    *given.to = true;
    return is_shallow(value);
  }

  bool operator()(ReadValue read) const { return read(value); }

 private:
  template <typename Read, typename To>
  static bool put(const std::optional<Read>& read, To* to) {
    if (!read) return false;
    if constexpr (!std::is_same_v<Read, bool>) {
      if (!std::in_range<To>(*read)) return false;
    }
    *to = static_cast<To>(*read);
    return true;
  }
};

bool read_field(const JsonValue& value, const JsonField& field) {
  if (value.is_null() && !std::holds_alternative<Data>(field.to)) return true;
  return std::visit(Reading{value}, field.to);
}

}  // namespace

bool read_object(const JsonValue& value, std::span<const JsonField> fields) {
  if (!value.is_object()) return false;
  std::uint32_t seen = 0;
  JsonMembers members(value);
  while (members.next()) {
    const auto field = std::ranges::find(fields, members.name(), &JsonField::name);
    if (field == fields.end()) {
      if (!is_shallow(members.value())) return false;
      continue;
    }
    const auto bit = std::uint32_t{1} << (field - fields.begin());
    if ((seen & bit) != 0 || !read_field(members.value(), *field)) return false;
    seen |= bit;
  }
  return true;
}

bool is_shallow(const JsonValue& value) { return value.depth() <= kJsonDepthMax; }

}  // namespace madang::centrifuge
