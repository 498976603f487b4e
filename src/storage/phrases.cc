// SPDX-License-Identifier: Apache-2.0
#include "storage/phrases.h"

#include <algorithm>

namespace madang {
namespace {

bool is_at(const SearchPhrase& phrase, const std::vector<std::string>& words, std::size_t place) {
  for (std::size_t i = 0; i < phrase.words.size(); ++i) {
    const bool begins = phrase.prefix && i + 1 == phrase.words.size();
    const std::string& word = words[place + i];
    if (begins ? !word.starts_with(phrase.words[i]) : word != phrase.words[i]) return false;
  }
  return true;
}

bool is_in(const SearchPhrase& phrase, const std::vector<std::string>& words) {
  for (std::size_t place = 0; place + phrase.words.size() <= words.size(); ++place) {
    if (is_at(phrase, words, place)) return true;
  }
  return false;
}

}  // namespace

std::vector<std::string> words_of(std::string_view payload) {
  return index_words(searchable_text(payload), kIndexedWordsMax);
}

bool needs_text(const std::vector<SearchPhrase>& phrases) {
  return std::any_of(phrases.begin(), phrases.end(),
                     [](const SearchPhrase& phrase) { return phrase.words.size() > 1; });
}

bool has_phrases(const std::vector<SearchPhrase>& phrases, std::string_view payload) {
  const std::vector<std::string> words = words_of(payload);
  return std::all_of(phrases.begin(), phrases.end(),
                     [&](const SearchPhrase& phrase) { return is_in(phrase, words); });
}

}  // namespace madang
