// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace madang::centrifuge {

// One value in a text that is known to be JSON, and all that follows it. Where it ends is looked
// for when somebody asks, or found when its members have all been read: so each byte is looked at
// once.
//
//   const auto value = parse_json(text);
//   JsonMembers members(*value);
//   while (members.next()) use(members.name(), members.value());
class JsonValue {
 public:
  JsonValue() = default;

  // From the first character of the value to the last, brackets and quotes included.
  std::string_view text() const {
    if (size_ == 0) find_end();
    return text_.substr(0, size_);
  }
  // How deep arrays and objects nest in it; 0 for all else.
  std::size_t depth() const {
    if (depth_ == kUnknown) find_end();
    return depth_;
  }

  bool is_null() const { return text_.starts_with('n'); }
  bool is_object() const { return text_.starts_with('{'); }
  bool is_array() const { return text_.starts_with('['); }
  bool is_string() const { return text_.starts_with('"'); }

 private:
  friend class JsonWalk;
  friend class JsonMembers;
  friend class JsonElements;
  friend std::optional<JsonValue> parse_json(std::string_view text);

  static constexpr std::size_t kUnknown = ~std::size_t{0};

  explicit JsonValue(std::string_view from) : text_(from) {}

  std::string_view behind() const { return text_.substr(text().size()); }
  void ends_at(const char* end) const { size_ = static_cast<std::size_t>(end - text_.data()); }
  void find_end() const;

  std::string_view text_ = "null";  // and what follows
  mutable std::size_t size_ = 0;    // 0: not looked for
  mutable std::size_t depth_ = kUnknown;
};

// The value that `text` is, if is_json() says so; nothing if it nests deeper than any command has
// reason to. It points into `text`. Costs O(text), no recursion. Any thread.
std::optional<JsonValue> parse_json(std::string_view text);

// What the two below share: a place in a text that is known to be JSON.
class JsonWalk {
 protected:
  explicit JsonWalk(std::string_view text) : rest_(text) {}
  JsonWalk(const JsonValue& in, bool has_any) : rest_(in.text_), in_(has_any ? &in : nullptr) {}

  void skip_space();
  // The string that begins here, quotes included.
  std::string_view take_string();
  // Answers how deep it nests.
  std::size_t skip_value();
  // Goes behind `last`, at first behind the bracket; false at the end.
  bool step(const JsonValue& last);

  std::string_view rest_;

 private:
  friend class JsonValue;
  friend std::optional<JsonValue> parse_json(std::string_view text);
  std::size_t skip_nested();

  const JsonValue* in_ = nullptr;  // whose parts these are, until the end has come
  bool begun_ = false;
};

// The members of an object, in their order. Of what is no object there are none: ask is_object().
// The object outlives this.
class JsonMembers : private JsonWalk {
 public:
  explicit JsonMembers(const JsonValue& object) : JsonWalk(object, object.is_object()) {}

  // To the next one, at first to the first; false if there is none.
  bool next();
  // Without its escapes; empty if that cannot be, as UTF-8 has no half of a surrogate pair. Valid
  // until next(), as is the value.
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
  explicit JsonElements(const JsonValue& array) : JsonWalk(array, array.is_array()) {}

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
