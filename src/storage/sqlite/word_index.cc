// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/word_index.h"

#include "madang/storage/message_search.h"

namespace madang::sqlite {
namespace {

std::string words_of(std::string_view payload) {
  std::string text;
  for (const std::string& word : index_words(searchable_text(payload), kIndexedWordsMax)) {
    if (!text.empty()) text += ' ';
    text += word;
  }
  return text;
}

}  // namespace

WordIndex::WordIndex(Database& database)
    : database_(database),
      insert_(database, "INSERT INTO words(rowid, text) VALUES(?, ?)"),
      delete_(database, "INSERT INTO words(words, rowid, text) VALUES('delete', ?, ?)") {}

void WordIndex::make(Database& database) {
  // The words are cut already; this tokenizer parts them at our blanks and changes nothing.
  database.run(
      "CREATE VIRTUAL TABLE words USING"
      " fts5(text, content = '', columnsize = 0, detail = full, tokenize = 'ascii');"
      // More words of a batch are sorted at once than by default.
      "INSERT INTO words(words, rank) VALUES('hashsize', 16777216)");
}

void WordIndex::drop(Database& database) { database.run("DROP TABLE IF EXISTS words"); }

void WordIndex::add(std::int64_t row, std::string_view payload) {
  const std::string text = words_of(payload);
  if (!text.empty()) run(database_, insert_, row, Text{text});
}

void WordIndex::remove(std::int64_t row, std::string_view payload) {
  const std::string text = words_of(payload);
  if (!text.empty()) run(database_, delete_, row, Text{text});
}

std::string query_of(const std::vector<SearchPhrase>& phrases) {
  std::string query;
  for (const SearchPhrase& phrase : phrases) {
    if (!query.empty()) query += " AND ";
    query += '"';
    for (std::size_t i = 0; i < phrase.words.size(); ++i) {
      if (i > 0) query += ' ';
      for (const char c : phrase.words[i])
        query.append(c == '"' ? 2 : 1, c);
    }
    query += '"';
    if (phrase.prefix) query += " *";
  }
  return query;
}

}  // namespace madang::sqlite
