// SPDX-License-Identifier: Apache-2.0
#include "protocol/centrifuge/json_reader.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "madang/base/json.h"

namespace madang::centrifuge {
namespace {

using simdjson::ondemand::json_type;

// The text of a value, brackets and quotes included. Where it ends is found by counting brackets,
// so what is between them may be anything.
bool raw_text(JsonValue value, std::string_view& text) {
  json_type type;
  if (value.type().get(type)) return false;
  if (type == json_type::object) {
    simdjson::ondemand::object object;
    if (value.get_object().get(object) || object.raw_json().get(text)) return false;
  } else if (type == json_type::array) {
    simdjson::ondemand::array array;
    if (value.get_array().get(array) || array.raw_json().get(text)) return false;
  } else {
    text = value.raw_json_token();
  }
  text = text.substr(0, text.find_last_not_of(" \t\r\n") + 1);
  return true;
}

// Puts a value where it belongs.
struct Reading {
  JsonValue value;

  bool operator()(std::string* to) const { return read_string(value, *to); }
  bool operator()(bool* to) { return !value.get_bool().get(*to); }
  bool operator()(std::uint64_t* to) { return !value.get_uint64().get(*to); }

  bool operator()(std::uint32_t* to) {
    std::uint64_t number;
    if (value.get_uint64().get(number)) return false;
    if (number > std::numeric_limits<std::uint32_t>::max()) return false;
    *to = static_cast<std::uint32_t>(number);
    return true;
  }

  bool operator()(std::int32_t* to) {
    std::int64_t number;
    if (value.get_int64().get(number)) return false;
    if (number < std::numeric_limits<std::int32_t>::min()) return false;
    if (number > std::numeric_limits<std::int32_t>::max()) return false;
    *to = static_cast<std::int32_t>(number);
    return true;
  }

  bool operator()(Checked checked) const {
    std::string_view text;
    if (!raw_text(value, text)) return false;
    auto payload = checked_json(text);
    if (!payload.ok()) return false;
    *checked.to = *std::move(payload);
    return true;
  }

  bool operator()(Unchecked unchecked) const {
    std::string_view text;
    if (!raw_text(value, text)) return false;
    *unchecked.to = Payload(text);
    return true;
  }

  bool operator()(Given given) const {
    *given.to = true;
    return check_value(value);
  }

  bool operator()(ReadValue read) const { return read(value); }
};

bool takes_null(const JsonField& field) {
  return std::holds_alternative<Checked>(field.to) || std::holds_alternative<Unchecked>(field.to);
}

bool read_field(JsonValue value, const JsonField& field) {
  if (!takes_null(field)) {
    bool null;
    if (value.is_null().get(null)) return false;
    if (null) return true;
  }
  return std::visit(Reading{value}, field.to);
}

}  // namespace

bool read_object(JsonValue value, std::span<const JsonField> fields) {
  simdjson::ondemand::object object;
  return !value.get_object().get(object) && read_object(object, fields);
}

bool read_object(simdjson::ondemand::object object, std::span<const JsonField> fields) {
  std::uint32_t seen = 0;
  for (auto member : object) {
    std::string_view name;
    JsonValue member_value;
    if (member.unescaped_key().get(name) || member.value().get(member_value)) return false;
    const auto field = std::ranges::find(fields, name, &JsonField::name);
    if (field == fields.end()) {
      if (!check_value(member_value)) return false;
      continue;
    }
    const auto bit = std::uint32_t{1} << (field - fields.begin());
    if ((seen & bit) != 0 || !read_field(member_value, *field)) return false;
    seen |= bit;
  }
  return true;
}

bool read_string(JsonValue value, std::string& to) {
  std::string_view text;
  if (value.get_string().get(text)) return false;
  if (!simdjson::validate_utf8(text)) return false;  // half a surrogate pair, written as an escape
  to = text;
  return true;
}

bool check_value(JsonValue value) {
  std::string_view text;
  return raw_text(value, text) && checked_json(text).ok();
}

}  // namespace madang::centrifuge
