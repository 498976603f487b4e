// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/searcher.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "storage/phrases.h"
#include "storage/sqlite/schema.h"
#include "storage/sqlite/state.h"
#include "storage/sqlite/word_index.h"
#include "storage/sqlite/word_rows.h"

namespace madang::sqlite {
namespace {

// Messages of any room that are looked at before rooms are asked for: more if one in some of the
// store's rooms is searched, because to ask for many rooms takes long.
constexpr std::size_t kMessagesLookedAt = 300;
constexpr std::size_t kMessagesLookedAtMax = 3000;
constexpr double kGoodShare = 1.0 / 16;
// What a query asks the index for at most. The others are looked for in the text.
constexpr std::size_t kWordsAskedFor = 32;
// How rare a word is, is seen from so many messages that have it.
constexpr int kMessagesProbed = 32;
// To read a text costs as much as to pass over so many messages in the index.
constexpr double kPassedOverForText = 500;

}  // namespace

SearchStatements::SearchStatements(Database& database)
    : match(database,
            "SELECT rowid FROM words WHERE words MATCH ? AND rowid <= ? ORDER BY rowid DESC"),
      row(database, "SELECT row FROM word_rows WHERE id = ?"),
      last_row(database, "SELECT max(id) FROM word_rows WHERE id <= ?"),
      window(database, "SELECT slack FROM word_windows WHERE id = ?"),
      span(database, "SELECT room, high FROM spans WHERE id = ?"),
      message(database, "SELECT time, word_row FROM messages WHERE id = ?"),
      record(database, "SELECT record FROM messages WHERE id = ?"),
      rooms(database, "SELECT coalesce(max(id), 0) FROM rooms") {}

Searcher::Searcher(Database& database, RoomTable& rooms, SearchStatements& statements,
                   const SearchQuery& query, const std::vector<SearchPhrase>& phrases)
    : database_(database),
      room_table_(rooms),
      statements_(statements),
      query_(query),
      phrases_(phrases),
      needs_text_(needs_text(phrases)) {}

void Searcher::run(SearchPage& page) {
  find_rooms();
  if (rooms_.empty() || query_.messages_max == 0) return;
  std::int64_t last = kWordRowMax;
  if (query_.below) {
    last = last_word_row(ms_of(query_.below->time), read_state(database_).spill_windows);
  }
  share_ = share_of_rooms();
  choose_words(last);
  const std::optional<std::int64_t> rest = read(last, true);
  if (rest) read(*rest, false);
  for (const Place& place : found_) {
    page.messages.push_back(message_at(place, span_of(std::get<3>(place)).room->id));
    if (!database_.ok()) return;
  }
}

void Searcher::find_rooms() {
  for (const std::string& name : std::set<std::string>(query_.rooms.begin(), query_.rooms.end())) {
    std::optional<Room> room = room_table_.find(name);
    if (room && !room->empty()) rooms_.emplace(room->id, *std::move(room));
  }
}

void Searcher::choose_words(std::int64_t last) {
  std::set<std::string_view> all;
  for (const SearchPhrase& phrase : phrases_)
    all.insert(phrase.words.begin(), phrase.words.end());
  std::vector<std::pair<double, std::string_view>> reaches;
  for (const std::string_view word : all) {
    if (reaches.size() == kWordsAskedFor) break;
    reaches.emplace_back(all.size() == 1 ? 0 : reach_of(word, last), word);
  }
  const double rarest = std::max_element(reaches.begin(), reaches.end())->first;
  const double times = std::max(1.0, kPassedOverForText * share_);
  for (const auto& [reach, word] : reaches) {
    if (reach * times >= rarest) words_.push_back(word);
  }
  needs_text_ = needs_text_ || words_.size() < all.size();
}

// How many messages one passes for some that have a word: the more, the rarer it is.
double Searcher::reach_of(std::string_view word, std::int64_t last) {
  constexpr double kBeyondAll = 1e30;
  const std::string match = match_query({word}, {});
  Rows rows(statements_.match, Text{match}, last);
  std::int64_t newest = 0;
  std::int64_t oldest = 0;
  for (int count = 0; count < kMessagesProbed; ++count) {
    if (!rows.next()) return kBeyondAll * (kMessagesProbed - count);
    oldest = rows.number(0);
    if (count == 0) newest = oldest;
  }
  return messages_between(oldest, newest);
}

// About so many: windows between are taken to be as full as the oldest.
double Searcher::messages_between(std::int64_t oldest, std::int64_t newest) {
  const std::int64_t windows = window_of_row(newest) - window_of_row(oldest);
  if (windows == 0) return static_cast<double>(newest - oldest);
  Rows rows(statements_.last_row, last_row_of_window(window_of_row(oldest)));
  const std::int64_t last = rows.next() ? rows.number(0) : oldest;
  return static_cast<double>(last - oldest) + static_cast<double>(count_of_row(newest)) +
         static_cast<double>(windows - 1) * static_cast<double>(count_of_row(last));
}

double Searcher::share_of_rooms() {
  Rows rows(statements_.rooms);
  const double all = rows.next() ? static_cast<double>(rows.number(0)) : 0;
  return static_cast<double>(rooms_.size()) / std::max(1.0, all);
}

std::optional<std::int64_t> Searcher::read(std::int64_t last, bool all_rooms) {
  std::vector<std::int64_t> asked_for;
  for (const auto& [id, room] : rooms_) {
    if (!all_rooms) asked_for.push_back(id);
  }
  const std::string match = match_query(words_, asked_for);
  Rows rows(statements_.match, Text{match}, last);
  const std::size_t most = share_ < kGoodShare ? kMessagesLookedAt : kMessagesLookedAtMax;
  for (std::size_t looked_at = 0; rows.next(); ++looked_at) {
    const std::int64_t word_row = rows.number(0);
    if (is_done(word_row)) break;
    if (all_rooms && looked_at >= most && !is_full()) return word_row;
    note(word_row);
    if (!database_.ok()) break;
  }
  return std::nullopt;
}

bool Searcher::is_done(std::int64_t word_row) const {
  if (!is_full()) return false;
  const std::int64_t end_ms = end_of_window(window_of_row(word_row));
  const bool same_window = window_of_row(word_row) == window_;
  return std::get<0>(*found_.rbegin()) > (same_window ? std::min(latest_ms_, end_ms) : end_ms);
}

// Of what is found after this, nothing in its window is later than this by more than the slack.
void Searcher::note_time(std::int64_t word_row, std::int64_t time_ms) {
  if (window_of_row(word_row) != window_) {
    window_ = window_of_row(word_row);
    Rows rows(statements_.window, window_);
    if (!rows.next()) {
      return database_.fail(absl::DataLossError("the index of words has lost a window of time"));
    }
    slack_ms_ = rows.number(0);
    latest_ms_ = std::numeric_limits<std::int64_t>::max();
  }
  latest_ms_ = std::min(latest_ms_, sum_of_ms(time_ms, slack_ms_));
}

void Searcher::note(std::int64_t word_row) {
  Rows rows(statements_.row, word_row);
  if (!rows.next()) {
    return database_.fail(absl::DataLossError("the index of words names a message that is gone"));
  }
  const std::int64_t row = rows.number(0);
  const Span& span = span_of(row);
  if (span.room == nullptr) return;
  const std::uint64_t offset = span.high << kLowBits | (static_cast<std::uint64_t>(row) & kLowMax);
  if (offset < span.room->first) return;  // hidden
  Rows messages(statements_.message, row);
  // Each must name the other, so that no message comes for another one's words.
  if (!messages.next() || messages.number_or_null(1) != word_row) {
    return database_.fail(absl::DataLossError("the index of words names another message"));
  }
  note_time(word_row, messages.number(0));
  const Place place(messages.number(0), span.room->name, offset, row);
  if (!is_below_cursor(place) || (is_full() && place < *found_.rbegin())) return;
  if (needs_text_ && !has_phrases(place, span.room->id)) return;
  found_.insert(place);
  if (found_.size() > query_.messages_max) found_.erase(std::prev(found_.end()));
}

const Searcher::Span& Searcher::span_of(std::int64_t row) {
  const auto [found, is_new] = spans_.try_emplace(row >> kLowBits);
  if (!is_new) return found->second;
  Rows rows(statements_.span, found->first);
  if (!rows.next()) {
    database_.fail(absl::DataLossError("a message of the store has no room"));
    return found->second;
  }
  const auto room = rooms_.find(rows.number(0));
  if (room != rooms_.end()) found->second.room = &room->second;
  found->second.high = static_cast<std::uint64_t>(rows.number(1));
  return found->second;
}

bool Searcher::is_below_cursor(const Place& place) const {
  if (!query_.below) return true;
  const auto& [time_ms, room, offset, row] = place;
  const std::int64_t below_ms = ms_of(query_.below->time);
  const std::string_view below_room = query_.below->room;
  return std::tie(time_ms, room, offset) < std::tie(below_ms, below_room, query_.below->offset);
}

bool Searcher::has_phrases(const Place& place, std::int64_t room_id) {
  const StoredMessage message = message_at(place, room_id);
  return database_.ok() && madang::has_phrases(phrases_, message.data.view());
}

StoredMessage Searcher::message_at(const Place& place, std::int64_t room_id) {
  const auto& [time_ms, room, offset, row] = place;
  StoredMessage message;
  message.room = room;
  message.offset = offset;
  message.time = time_of_ms(time_ms);
  Rows rows(statements_.record, row);
  std::uint64_t previous = 0;
  if (!rows.next() || !decode(rows.bytes(0), room_id, message, previous)) {
    database_.fail(absl::DataLossError("a message of the store is damaged"));
  }
  return message;
}

}  // namespace madang::sqlite
