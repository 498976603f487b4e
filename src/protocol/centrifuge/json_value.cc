// SPDX-License-Identifier: Apache-2.0
#include "protocol/centrifuge/json_value.h"

#include <simdjson.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>

#include "protocol/centrifuge/utf8.h"

namespace madang::centrifuge {

namespace {

// A payload of the greatest depth, in a call of the server API that stands in a batch.
constexpr std::size_t kDepthMax = 40;

// What a thread keeps for reading is made for texts up to this.
constexpr std::size_t kKeptTextBytes = 256 * 1024;

class Parser {
 public:
  // The parser wants to read beyond the end of the text, and needs memory by its length.
  bool accepts(std::string_view text) {
    const std::size_t padded_bytes = text.size() + simdjson::SIMDJSON_PADDING;
    if (padded_.size() < padded_bytes) {
      const std::size_t bytes = std::max(std::bit_ceil(padded_bytes), kLeastBytes);
      if (parser_.allocate(bytes, kDepthMax) != simdjson::SUCCESS) return false;
      padded_.resize(bytes);
    }
    std::memcpy(padded_.data(), text.data(), text.size());
    std::memset(padded_.data() + text.size(), ' ', simdjson::SIMDJSON_PADDING);
    return parser_.parse(padded_.data(), text.size(), false).error() == simdjson::SUCCESS;
  }

 private:
  static constexpr std::size_t kLeastBytes = 1024;

  simdjson::dom::parser parser_;
  std::string padded_;
};

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
  if (text.size() > kKeptTextBytes) {
    if (!Parser().accepts(text)) return std::nullopt;
  } else {
    thread_local Parser parser;
    if (!parser.accepts(text)) return std::nullopt;
  }
  JsonWalk walk(text);
  walk.skip_space();
  return walk.take_value();
}

// --- Walking -------------------------------------------------------------------------------------

void JsonWalk::skip_space() {
  while (!rest_.empty() && is_space(rest_.front()))
    rest_.remove_prefix(1);
}

std::string_view JsonWalk::take_string() {
  std::size_t end = rest_.find('"', 1);
  // A quote behind an odd number of backslashes is not the last.
  for (;; end = rest_.find('"', end + 1)) {
    std::size_t before = end;
    while (rest_[before - 1] == '\\')
      --before;
    if ((end - before) % 2 == 0) break;
  }
  const std::string_view taken = rest_.substr(0, end + 1);
  rest_.remove_prefix(taken.size());
  return taken;
}

std::string_view JsonWalk::take_nested(std::size_t& depth) {
  const std::string_view from = rest_;
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
  return from.substr(0, from.size() - rest_.size());
}

JsonValue JsonWalk::take_value() {
  const char first = rest_.front();
  if (first == '"') return {take_string(), 0};
  if (first == '{' || first == '[') {
    std::size_t depth = 0;
    const std::string_view nested = take_nested(depth);
    return {nested, depth};
  }
  std::size_t size = 0;
  while (size < rest_.size() && !is_space(rest_[size]) && rest_[size] != ',' &&
         rest_[size] != '}' && rest_[size] != ']')
    ++size;
  const std::string_view scalar = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return {scalar, 0};
}

bool JsonWalk::step() {
  skip_space();
  if (rest_.empty()) return false;
  rest_.remove_prefix(1);  // the bracket before the first, a comma, or the bracket at the end
  skip_space();
  return !rest_.empty() && rest_.front() != '}' && rest_.front() != ']';
}

bool JsonMembers::next() {
  if (!step()) return false;
  name_ = without_quotes(take_string());
  if (name_.find('\\') != std::string_view::npos) {
    name_ = unescape(name_, unescaped_) ? std::string_view(unescaped_) : std::string_view();
  }
  skip_space();
  rest_.remove_prefix(1);  // the colon
  skip_space();
  value_ = take_value();
  return true;
}

bool JsonElements::next() {
  if (!step()) return false;
  value_ = take_value();
  return true;
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
  if (!value.text().starts_with('"')) return false;
  const std::string_view text = without_quotes(value.text());
  if (text.find('\\') != std::string_view::npos) return unescape(text, to);
  to = text;
  return true;
}

}  // namespace madang::centrifuge
