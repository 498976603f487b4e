// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/word_index.h"

#include <algorithm>

#include "storage/phrases.h"
#include "storage/script.h"

namespace madang::sqlite {
namespace {

// Bytes that no UTF-8 begins with, so that it is no word of any text.
std::string room_word(std::int64_t room) {
  std::string word;
  for (; room > 0 || word.empty(); room >>= 6)
    word += static_cast<char>(0x80 | (room & 0x3f));
  return word;
}

// Its first character, if that is of a script whose words are cut into pairs.
std::string_view paired_character(std::string_view word) {
  std::string_view rest = word;
  if (script_of(take_character(rest)) != Script::kPaired) return {};
  return word.substr(0, word.size() - rest.size());
}

// Each word once, because it does not matter where it is; every character of pairs, so that whoever
// looks for one need not gather all pairs that begin with it; and the room. Nothing: no words.
std::string terms_of(std::string_view payload, std::int64_t room) {
  std::vector<std::string> words = words_of(payload);
  if (words.empty()) return {};
  for (std::size_t i = 0, count = words.size(); i < count; ++i) {
    const std::string_view character = paired_character(words[i]);
    if (!character.empty()) words.push_back(std::string(character));
  }
  std::sort(words.begin(), words.end());
  words.erase(std::unique(words.begin(), words.end()), words.end());
  std::string text = room_word(room);
  for (const std::string& word : words) {
    text += ' ';
    text += word;
  }
  return text;
}

// What is in the index has neither quotes nor control characters: words are letters and digits.
void add_quoted(std::string& query, std::string_view joint, std::string_view term) {
  if (query.back() != '(') query += joint;
  query += '"';
  query += term;
  query += '"';
}

}  // namespace

WordIndex::WordIndex(Database& database)
    : database_(database),
      rows_(database),
      insert_(database, "INSERT INTO words(rowid, text) VALUES(?, ?)"),
      delete_(database, "INSERT INTO words(words, rowid, text) VALUES('delete', ?, ?)") {}

bool WordIndex::is_there(Database& database) {
  return database.number(
             "SELECT count(*) FROM sqlite_schema WHERE name IN ('words', 'word_rows')") == 2;
}

void WordIndex::make(Database& database) {
  // The words are cut already; this tokenizer parts them at our blanks and changes nothing.
  database.run(
      "CREATE VIRTUAL TABLE words USING"
      " fts5(text, content = '', columnsize = 0, detail = none, tokenize = 'ascii');"
      // More words of a batch are sorted at once than by default.
      "INSERT INTO words(words, rank) VALUES('hashsize', 16777216)");
  WordRows::make(database);
}

void WordIndex::drop(Database& database) {
  database.run("DROP TABLE IF EXISTS words");
  WordRows::drop(database);
}

std::optional<std::int64_t> WordIndex::add(std::int64_t row, std::int64_t room,
                                           std::int64_t time_ms, std::string_view payload) {
  const std::string text = terms_of(payload, room);
  if (text.empty()) return std::nullopt;
  const std::int64_t word_row = rows_.add(row, time_ms);
  run(database_, insert_, word_row, Text{text});
  return word_row;
}

void WordIndex::remove(std::int64_t word_row, std::int64_t room, std::string_view payload) {
  rows_.remove(word_row);
  run(database_, delete_, word_row, Text{terms_of(payload, room)});
}

void WordIndex::flush(State& state) {
  rows_.flush();
  state.spill_windows = std::max(state.spill_windows, rows_.spill_windows());
}

std::string match_query(const std::vector<std::string_view>& words,
                        const std::vector<std::int64_t>& rooms) {
  std::string query = "(";
  for (const std::string_view word : words)
    add_quoted(query, " AND ", word);
  query += ')';
  if (rooms.empty()) return query;
  query += " AND (";
  for (const std::int64_t room : rooms)
    add_quoted(query, " OR ", room_word(room));
  return query + ')';
}

}  // namespace madang::sqlite
