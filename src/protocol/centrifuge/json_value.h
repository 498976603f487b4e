// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace madang::centrifuge {

// One value in a text that is known to be JSON: where it begins and ends. So it costs nothing to
// hand out what stands there, and to pass over what nobody asks for costs a look at each bracket
// and quote.
//
//   const auto value = parse_json(text);
//   JsonMembers members(*value);
//   while (members.next()) use(members.name(), members.value());
class JsonValue {
 public:
  JsonValue() = default;

  // From the first character of the value to the last, brackets and quotes included.
  std::string_view text() const { return text_; }
  // How deep arrays and objects nest in it; 0 for all else.
  std::size_t depth() const { return depth_; }

  bool is_null() const { return text_ == "null"; }
  bool is_object() const { return text_.starts_with('{'); }
  bool is_array() const { return text_.starts_with('['); }

 private:
  friend class JsonWalk;
  JsonValue(std::string_view text, std::size_t depth) : text_(text), depth_(depth) {}

  std::string_view text_ = "null";
  std::size_t depth_ = 0;
};

// Checks that `text` is one whole JSON value in valid UTF-8 (RFC 8259), whose numbers fit into 64
// bits or a double (RFC 7493). Nothing if it is not, or nests deeper than any command has reason
// to. The value points into `text`. Costs O(text), no recursion. Any thread.
std::optional<JsonValue> parse_json(std::string_view text);

// What the two below share: a place in a text that is known to be JSON.
class JsonWalk {
 protected:
  explicit JsonWalk(std::string_view text) : rest_(text) {}

  void skip_space();
  // The string that begins here, quotes included.
  std::string_view take_string();
  JsonValue take_value();
  // Goes from one element to the next; false at the end. `open` is the bracket before the first.
  bool step();

  std::string_view rest_;

 private:
  friend std::optional<JsonValue> parse_json(std::string_view text);
  std::string_view take_nested(std::size_t& depth);
};

// The members of an object, in their order. Of what is no object there are none: ask is_object().
class JsonMembers : private JsonWalk {
 public:
  explicit JsonMembers(const JsonValue& object)
      : JsonWalk(object.is_object() ? object.text() : std::string_view()) {}

  // To the next one, at first to the first; false if there is none.
  bool next();
  // Without its escapes; empty if that cannot be, as UTF-8 has no half of a surrogate pair. Valid
  // until next().
  std::string_view name() const { return name_; }
  const JsonValue& value() const { return value_; }

 private:
  std::string_view name_;
  std::string unescaped_;
  JsonValue value_;
};

// The same for the elements of an array.
class JsonElements : private JsonWalk {
 public:
  explicit JsonElements(const JsonValue& array)
      : JsonWalk(array.is_array() ? array.text() : std::string_view()) {}

  bool next();
  const JsonValue& value() const { return value_; }

 private:
  JsonValue value_;
};

// What a value says, if it is of this type and fits.
std::optional<bool> to_bool(const JsonValue& value);
std::optional<std::int64_t> to_int64(const JsonValue& value);
std::optional<std::uint64_t> to_uint64(const JsonValue& value);
// False if it is no string, or has half a surrogate pair in it, written as an escape.
bool to_string(const JsonValue& value, std::string& to);

}  // namespace madang::centrifuge
