// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "madang/storage/message_store.h"

namespace madang {

// Where a page of results goes on: below this message, in the order of the results.
struct SearchCursor {
  WallTime time = {};
  std::string room = {};
  std::uint64_t offset = 0;

  friend bool operator==(const SearchCursor&, const SearchCursor&) = default;
};

struct SearchQuery {
  // What somebody typed. All its words must be in the message, a word of Korean, Japanese or
  // Chinese also as a part of a longer one.
  std::string text;
  // Where to look, and nowhere else: the rooms that whoever asks may read.
  std::vector<std::string> rooms;
  std::optional<SearchCursor> below = {};
  std::size_t messages_max = 50;
};

struct SearchPage {
  std::vector<StoredMessage> messages;  // the newest first; equal times: by room and offset, down
};

// Finds messages by the words in them, within a second of their being stored.
class MessageSearch {
 public:
  virtual ~MessageSearch() = default;

  // InvalidArgument: no word, more than kSearchWordsMax, or more than kSearchRoomsMax rooms.
  virtual void search(SearchQuery query, Callback<SearchPage> done) = 0;
};

inline constexpr std::size_t kSearchWordsMax = 16;
inline constexpr std::size_t kSearchRoomsMax = 256;
// Of one message so many words are found, the first ones.
inline constexpr std::size_t kIndexedWordsMax = 512;

// The text of a payload that people would search for: the strings of a JSON value, not its keys;
// the whole of anything else that is UTF-8.
std::string searchable_text(std::string_view payload);

// The words that a text is found by, in order: runs of letters and digits, in small letters where
// the script is Latin, Greek or Cyrillic, cut to 64 bytes. Of a run of Hangul, Han, Hiragana or
// Katakana every pair of neighbours, and the last character alone, so that a part of a word is
// found without knowing where words end. Bytes that are not UTF-8 separate words.
std::vector<std::string> index_words(std::string_view text, std::size_t words_max);

// What to look for. Each part must be found; its words in this order beside each other. A single
// character of the scripts above is looked for as the beginning of a pair.
struct SearchPhrase {
  std::vector<std::string> words;  // 1 to kSearchWordsMax; a longer run is found by its beginning
  bool prefix = false;             // the last word is only the beginning of one
};
// At most kSearchWordsMax + 1 phrases, which is one more than a search takes.
std::vector<SearchPhrase> search_phrases(std::string_view text);

}  // namespace madang
