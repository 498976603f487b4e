// SPDX-License-Identifier: Apache-2.0
#include "protocol/centrifuge/json_value.h"

#include <algorithm>
#include <charconv>

#include "protocol/centrifuge/json_check.h"

namespace madang::centrifuge {

namespace {

// A payload of the greatest depth, in a call of the server API that stands in a batch.
constexpr std::size_t kDepthMax = 40;

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// Four hexadecimal digits, which are there.
unsigned hex4(std::string_view digits) {
  unsigned number = 0;
  std::from_chars(digits.data(), digits.data() + 4, number, 16);
  return number;
}

void append_utf8(unsigned code, std::string& to) {
  const auto put = [&to](unsigned byte) { to += static_cast<char>(byte); };
  if (code < 0x80) return put(code);
  if (code < 0x800) {
    put(0xc0 | code >> 6);
  } else if (code < 0x10000) {
    put(0xe0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3f));
  } else {
    put(0xf0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3f));
    put(0x80 | (code >> 6 & 0x3f));
  }
  put(0x80 | (code & 0x3f));
}

// Appends what stands behind "\u" and takes it off `text`. False for half a pair.
bool unescape_unicode(std::string_view& text, std::string& to) {
  unsigned code = hex4(text);
  text.remove_prefix(4);
  if (code >= 0xd800 && code < 0xdc00 && text.starts_with("\\u")) {
    const unsigned low = hex4(text.substr(2));
    if (low < 0xdc00 || low > 0xdfff) return false;
    text.remove_prefix(6);
    code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
  }
  if (code >= 0xd800 && code <= 0xdfff) return false;
  append_utf8(code, to);
  return true;
}

// `text` is what stands between the quotes.
bool unescape(std::string_view text, std::string& to) {
  constexpr std::string_view kEscapes = "bfnrt";
  constexpr std::string_view kMeanings = "\b\f\n\r\t";
  to.clear();
  for (;;) {
    const std::size_t plain = std::min(text.find('\\'), text.size());
    to += text.substr(0, plain);
    if (plain == text.size()) return true;
    const char escape = text[plain + 1];
    text.remove_prefix(plain + 2);
    if (escape == 'u') {
      if (!unescape_unicode(text, to)) return false;
    } else {
      const std::size_t known = kEscapes.find(escape);
      to += known == std::string_view::npos ? escape : kMeanings[known];
    }
  }
}

template <typename Number>
std::optional<Number> to_number(std::string_view text) {
  Number number = 0;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return number;
}

std::string_view without_quotes(std::string_view text) { return text.substr(1, text.size() - 2); }

}  // namespace

std::optional<JsonValue> parse_json(std::string_view text) {
  if (!is_json(text, kDepthMax)) return std::nullopt;
  JsonWalk walk(text);
  walk.skip_space();
  return JsonValue(walk.rest_);
}

// --- Walking -------------------------------------------------------------------------------------

void JsonWalk::skip_space() {
  while (!rest_.empty() && is_space(rest_.front()))
    rest_.remove_prefix(1);
}

std::string_view JsonWalk::take_string() {
  std::size_t end = rest_.find('"', 1);
  // A quote behind an odd number of backslashes is not the last.
  for (; rest_[end - 1] == '\\'; end = rest_.find('"', end + 1)) {
    std::size_t before = end - 1;
    while (rest_[before - 1] == '\\')
      --before;
    if ((end - before) % 2 == 0) break;
  }
  const std::string_view taken = rest_.substr(0, end + 1);
  rest_.remove_prefix(taken.size());
  return taken;
}

// Counts brackets, which strings hide.
std::size_t JsonWalk::skip_nested() {
  std::size_t depth = 0;
  std::size_t open = 0;
  do {
    const char c = rest_.front();
    if (c == '"') {
      take_string();
      continue;
    }
    if (c == '{' || c == '[') depth = std::max(depth, ++open);
    if (c == '}' || c == ']') --open;
    rest_.remove_prefix(1);
  } while (open > 0);
  return depth;
}

std::size_t JsonWalk::skip_value() {
  const char first = rest_.front();
  if (first == '{' || first == '[') return skip_nested();
  if (first == '"') {
    take_string();
    return 0;
  }
  while (!rest_.empty() && !is_space(rest_.front()) && rest_.front() != ',' &&
         rest_.front() != '}' && rest_.front() != ']')
    rest_.remove_prefix(1);
  return 0;
}

bool JsonWalk::step(const JsonValue& last) {
  if (in_ == nullptr) return false;
  if (begun_) {
    rest_ = last.behind();
  } else {
    begun_ = true;
    rest_.remove_prefix(1);  // the bracket
  }
  skip_space();
  if (rest_.front() == ',') {
    rest_.remove_prefix(1);
    skip_space();
  }
  if (rest_.front() != '}' && rest_.front() != ']') return true;
  in_->ends_at(rest_.data() + 1);
  in_ = nullptr;
  return false;
}

bool JsonMembers::next() {
  if (!step(value_)) return false;
  name_ = without_quotes(take_string());
  if (name_.find('\\') != std::string_view::npos) {
    name_ = unescape(name_, unescaped_) ? std::string_view(unescaped_) : std::string_view();
  }
  skip_space();
  rest_.remove_prefix(1);  // the colon
  skip_space();
  value_ = JsonValue(rest_);
  return true;
}

bool JsonElements::next() {
  if (!step(value_)) return false;
  value_ = JsonValue(rest_);
  return true;
}

void JsonValue::find_end() const {
  JsonWalk walk(text_);
  depth_ = walk.skip_value();
  size_ = text_.size() - walk.rest_.size();
}

// --- Values --------------------------------------------------------------------------------------

std::optional<bool> to_bool(const JsonValue& value) {
  if (value.text() == "true") return true;
  if (value.text() == "false") return false;
  return std::nullopt;
}

std::optional<std::int64_t> to_int64(const JsonValue& value) {
  return to_number<std::int64_t>(value.text());
}

std::optional<std::uint64_t> to_uint64(const JsonValue& value) {
  return to_number<std::uint64_t>(value.text());
}

bool to_string(const JsonValue& value, std::string& to) {
  if (!value.is_string()) return false;
  const std::string_view text = without_quotes(value.text());
  if (text.find('\\') != std::string_view::npos) return unescape(text, to);
  to = text;
  return true;
}

}  // namespace madang::centrifuge
