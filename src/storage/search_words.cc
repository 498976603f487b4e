// SPDX-License-Identifier: Apache-2.0
#include <simdjson.h>

#include <algorithm>
#include <utility>

#include "madang/base/json.h"
#include "madang/storage/message_search.h"
#include "storage/script.h"

namespace madang {
namespace {

constexpr std::size_t kWordBytesMax = 64;

// A parser keeps the memory of the longest text it has seen; beyond this it is not kept.
constexpr std::size_t kKeptCapacityBytes = 256 * 1024;

// The words of a text one by one, so that nobody pays for more of them than are wanted.
class WordReader {
 public:
  enum class Kind : unsigned char { kWhole, kPair, kLast };
  struct Word {
    std::string text = {};
    Kind kind = Kind::kWhole;
    bool begins = true;  // the first of its run
  };

  explicit WordReader(std::string_view text) : text_(text) {}

  // False at the end.
  bool next(Word& word) {
    for (;;) {
      if (!before_.empty()) {
        word = pair_or_last();
        return true;
      }
      switch (peek()) {
        case Script::kPaired:
          append_utf8(before_, c_);
          begins_ = true;
          break;
        case Script::kLetter:
          word = whole();
          return true;
        case Script::kIgnored:
          break;
        case Script::kNone:
          if (text_.empty()) return false;
          break;
      }
      text_ = after_;
    }
  }

 private:
  // The next character is c_, and behind it is after_. Nothing is left: kNone.
  Script peek() {
    after_ = text_;
    if (text_.empty()) return Script::kNone;
    c_ = folded(take_character(after_));
    return script_of(c_);
  }

  Script peek_seen() {
    auto script = peek();
    while (script == Script::kIgnored) {
      text_ = after_;
      script = peek();
    }
    return script;
  }

  Word whole() {
    Word word;
    bool full = false;
    for (; peek_seen() == Script::kLetter; text_ = after_) {
      if (full) continue;
      const auto size = word.text.size();
      append_utf8(word.text, c_);
      full = word.text.size() > kWordBytesMax;
      if (full) word.text.resize(size);
    }
    return word;
  }

  Word pair_or_last() {
    Word word{.text = std::exchange(before_, {}), .kind = Kind::kLast, .begins = begins_};
    begins_ = false;
    if (peek_seen() != Script::kPaired) return word;
    word.kind = Kind::kPair;
    append_utf8(before_, c_);
    word.text += before_;
    text_ = after_;
    return word;
  }

  std::string_view text_;
  std::string_view after_ = {};
  char32_t c_ = 0;
  std::string before_ = {};  // a paired character whose successor is not known yet
  bool begins_ = false;
};

// Pushed last to first, so that they come off the stack in the order of the text.
template <typename Children, typename Value>
void push_children(const Children& children, std::vector<simdjson::dom::element>& stack,
                   Value value_of) {
  const auto first = static_cast<std::ptrdiff_t>(stack.size());
  for (const auto& child : children)
    stack.push_back(value_of(child));
  std::reverse(stack.begin() + first, stack.end());
}

std::string strings_in(simdjson::dom::element root) {
  std::string text;
  std::vector<simdjson::dom::element> stack{root};
  while (!stack.empty()) {
    const auto element = stack.back();
    stack.pop_back();
    std::string_view string;
    simdjson::dom::array array;
    simdjson::dom::object object;
    if (element.get(string) == simdjson::SUCCESS) {
      if (!text.empty()) text.push_back('\n');
      text += string;
    } else if (element.get(array) == simdjson::SUCCESS) {
      push_children(array, stack, [](simdjson::dom::element child) { return child; });
    } else if (element.get(object) == simdjson::SUCCESS) {
      push_children(object, stack, [](const auto& field) { return field.value; });
    }
  }
  return text;
}

std::string searchable_text_with(simdjson::dom::parser& parser, std::string_view payload) {
  if (parser.capacity() < payload.size() || parser.max_depth() != kJsonDepthMax) {
    if (parser.allocate(payload.size() + 64, kJsonDepthMax) != simdjson::SUCCESS) return {};
  }
  simdjson::dom::element root;
  const auto error = parser.parse(payload.data(), payload.size(), true).get(root);
  if (error == simdjson::SUCCESS) return strings_in(root);
  if (!simdjson::validate_utf8(payload.data(), payload.size())) return {};
  return std::string(payload);
}

}  // namespace

std::string searchable_text(std::string_view payload) {
  if (payload.empty()) return {};
  if (payload.size() > kKeptCapacityBytes) {
    simdjson::dom::parser parser;
    return searchable_text_with(parser, payload);
  }
  thread_local simdjson::dom::parser parser;
  return searchable_text_with(parser, payload);
}

std::vector<std::string> index_words(std::string_view text, std::size_t words_max) {
  std::vector<std::string> words;
  WordReader reader(text);
  WordReader::Word word;
  while (words.size() < words_max && reader.next(word))
    words.push_back(std::move(word.text));
  return words;
}

std::vector<SearchPhrase> search_phrases(std::string_view text) {
  std::vector<SearchPhrase> phrases;
  WordReader reader(text);
  WordReader::Word word;
  while (reader.next(word)) {
    if (word.begins) {
      if (phrases.size() > kSearchWordsMax) break;
      phrases.push_back(
          {.words = {std::move(word.text)}, .prefix = word.kind == WordReader::Kind::kLast});
    } else if (word.kind == WordReader::Kind::kPair &&
               phrases.back().words.size() < kSearchWordsMax) {
      phrases.back().words.push_back(std::move(word.text));
    }
  }
  return phrases;
}

}  // namespace madang
