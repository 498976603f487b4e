// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <string>
#include <tuple>
#include <vector>

#include "madang/testing/message_store/messages.h"
#include "madang/testing/message_store/trial.h"

namespace madang::conformance {

using Offsets = std::vector<std::uint64_t>;

inline Offsets offsets_of(const std::vector<StoredMessage>& messages) {
  Offsets offsets;
  for (const auto& one : messages)
    offsets.push_back(one.offset);
  return offsets;
}

// Expects that looking for `text` in `rooms` finds the messages with these offsets, in this order.
inline void expect_found(Trial& trial, MessageStore& store, const std::string& text,
                         const Offsets& wanted, std::vector<std::string> rooms = {"room"}) {
  const auto page =
      trial.search(store, {.text = text, .rooms = std::move(rooms)},
                   [&](const SearchPage& found) { return offsets_of(found.messages) == wanted; });
  trial.expect(offsets_of(page.messages) == wanted,
               "'" + text + "' found " + names_of(page.messages));
}

inline void expect_refused(Trial& trial, MessageStore& store, const SearchQuery& query,
                           const std::string& what) {
  const auto status = trial.try_search(store, query).status();
  trial.expect(absl::IsInvalidArgument(status), what + " was answered " + status.ToString());
}

inline void search_is_offered(Trial& trial) {
  auto store = trial.open();
  if (store != nullptr) trial.expect(store->search() != nullptr, "search() is null");
}

inline void search_finds_all_words(Trial& trial) {
  auto store = trial.open();
  const MessageBatch sent{
      message("room", 1, "The quick brown Fox jumps"),
      message("room", 2, R"({"text":"the QUICK dog","fox":"cat","n":42})"),
      message("room", 3, "quickly, foxes!"),
      message("room", 4, "Ärger im Café, МОСКВА"),
  };
  if (store == nullptr || !trial.append(*store, sent)) return;
  for (int round = 0; round < 2; ++round) {
    expect_found(trial, *store, "quick", {2, 1});
    expect_found(trial, *store, "QUICK fox", {1});
    expect_found(trial, *store, "fox quick", {1});
    expect_found(trial, *store, "quick missing", {});
    expect_found(trial, *store, "qui", {});
    expect_found(trial, *store, "cat", {2});
    expect_found(trial, *store, "42", {});
    expect_found(trial, *store, "ärger café москва", {4});
    const auto page = trial.search(*store, {.text = "fox brown", .rooms = {"room"}},
                                   [](const SearchPage& found) { return !found.messages.empty(); });
    trial.expect(same_messages(page.messages, {sent[0]}), "what is found is not what was stored");
    if (!trial.under_test().outlives_objects() || !trial.reopen(store)) return;
  }
}

inline void search_finds_parts_of_korean_words(Trial& trial) {
  auto store = trial.open();
  const MessageBatch sent{
      message("room", 1, "안녕하세요 여러분"),
      message("room", 2, "안녕 하루"),
      message("room", 3, R"({"text":"\uc548\ub155\ud558\uc2e0\uac00"})"),
      message("room", 4, "東京タワーへ行く"),
      message("room", 5, "나"),
  };
  if (store == nullptr || !trial.append(*store, sent)) return;
  expect_found(trial, *store, "안녕", {3, 2, 1});
  expect_found(trial, *store, "녕하", {3, 1});
  expect_found(trial, *store, "안녕하", {3, 1});
  expect_found(trial, *store, "하세요", {1});
  expect_found(trial, *store, "안하", {});
  expect_found(trial, *store, "안세", {});
  expect_found(trial, *store, "여", {1});
  expect_found(trial, *store, "분", {1});
  expect_found(trial, *store, "하", {3, 2, 1});
  expect_found(trial, *store, "나", {5});
  expect_found(trial, *store, "안녕 하루", {2});
  expect_found(trial, *store, "タワー", {4});
  expect_found(trial, *store, "京", {4});
}

inline void search_stays_in_its_rooms(Trial& trial) {
  auto store = trial.open();
  if (store == nullptr) return;
  MessageBatch batch;
  const auto names = odd_room_names();
  for (const auto& name : names)
    batch.push_back(message(name, batch.size() + 1, "secret"));
  if (!trial.append(*store, batch)) return;
  for (std::size_t i = 0; i < names.size(); ++i)
    expect_found(trial, *store, "secret", {i + 1}, {names[i]});
  expect_found(trial, *store, "secret", {2, 1}, {names[0], names[1], "unknown", names[0]});
  expect_found(trial, *store, "secret", {}, {"unknown"});
  expect_found(trial, *store, "secret", {}, {});
}

// Messages of three rooms with few different times, the newest first.
inline MessageBatch at_equal_times(Trial& trial, MessageStore& store) {
  MessageBatch sent;
  for (std::uint64_t offset = 1; offset <= 10; ++offset) {
    for (const char* room : {"a", "b", "\xC3\xA9"}) {
      sent.push_back(message_at(room, offset, static_cast<std::int64_t>(offset / 4), "word"));
    }
  }
  trial.append(store, sent);
  std::sort(sent.begin(), sent.end(), [](const StoredMessage& one, const StoredMessage& other) {
    return std::tie(one.time, one.room, one.offset) >
           std::tie(other.time, other.room, other.offset);
  });
  return sent;
}

inline void search_ranks_by_time(Trial& trial) {
  auto store = trial.open();
  if (store == nullptr) return;
  const auto sent = at_equal_times(trial, *store);
  const SearchQuery query{.text = "word", .rooms = {"a", "b", "\xC3\xA9"}};
  const auto page = trial.search(
      *store, query, [&](const SearchPage& found) { return found.messages.size() == sent.size(); });
  trial.expect(same_messages(page.messages, sent), "found " + names_of(page.messages));
  // Later stored is not newer: the time counts.
  if (!trial.append(*store, {message_at("late", 1, -5, "word"), message_at("late", 2, 50, "word"),
                             message_at("late", 3, 20, "word")})) {
    return;
  }
  expect_found(trial, *store, "word", {2, 3, 1}, {"late"});
}

inline void search_pages_lose_nothing(Trial& trial) {
  auto store = trial.open();
  if (store == nullptr) return;
  const auto sent = at_equal_times(trial, *store);
  for (const std::size_t count : {1, 4, 30, 31}) {
    SearchQuery query{.text = "word", .rooms = {"a", "b", "\xC3\xA9"}, .messages_max = count};
    MessageBatch all;
    for (std::size_t pages = 0; pages <= sent.size(); ++pages) {
      const auto expected = std::min(count, sent.size() - all.size());
      const auto page = trial.search(*store, query, [&](const SearchPage& found) {
        return found.messages.size() >= expected;
      });
      if (!trial.expect(page.messages.size() <= count, "a page is too long")) return;
      if (page.messages.empty()) break;
      all.insert(all.end(), page.messages.begin(), page.messages.end());
      if (!trial.expect(all.size() <= sent.size(), "pages have messages twice")) return;
      query.below = SearchCursor{all.back().time, all.back().room, all.back().offset};
    }
    trial.expect(same_messages(all, sent), "by pages came " + names_of(all));
  }
}

inline void search_forgets_what_is_removed(Trial& trial) {
  auto store = trial.open();
  MessageBatch sent;
  for (std::uint64_t offset = 1; offset <= 4; ++offset)
    sent.push_back(message("room", offset, "word 안녕하세요"));
  if (store == nullptr || !trial.append(*store, sent)) return;
  expect_found(trial, *store, "word", {4, 3, 2, 1});
  if (!trial.remove(*store, "room", 2)) return;
  expect_found(trial, *store, "word", {4, 3});
  expect_found(trial, *store, "녕하", {4, 3});
  if (trial.under_test().has_retention()) {
    trial.expire(*store, sent[3].time, 100);
    expect_found(trial, *store, "word", {4});
  }
  if (!trial.remove(*store, "room", 4) || !trial.append(*store, {message("room", 5, "word")}))
    return;
  expect_found(trial, *store, "word", {5});
}

inline void search_finds_once(Trial& trial) {
  auto store = trial.open();
  if (store == nullptr || !trial.append(*store, {message("room", 1, "word word")}) ||
      !trial.append(*store, {message("room", 1, "word word"), message("room", 2, "word")})) {
    return;
  }
  const auto refused =
      trial.try_append(*store, {message("room", 3, "word"), message("room", 1, "other")});
  trial.expect(refused.ok() && !refused->refused.empty(), "a conflict is not refused");
  if (!trial.append(*store, {message("room", 3, "end")})) return;
  expect_found(trial, *store, "end", {3});
  expect_found(trial, *store, "word", {2, 1});
  expect_found(trial, *store, "other", {});
}

inline void search_takes_text_as_text(Trial& trial) {
  auto store = trial.open();
  const MessageBatch sent{message("room", 1, "hello world"),
                          message("room", 2, "hello near or text"),
                          message("room", 3, "hello drop table messages")};
  if (store == nullptr || !trial.append(*store, sent)) return;
  expect_found(trial, *store, "hello", {3, 2, 1});
  for (const char* text :
       {"\"hello",     "hello\"",   "he\"llo world", "'hello'",    "hello*",     "*hello",
        "-hello",      "+hello",    "!hello",        "^hello",     "(hello",     "hello)",
        "hello & | !", "hello:*",   ":hello",        "{} : hello", "hello\\",    "hello%",
        "_hello_",     "\nhello\t", "hello <-> !",   "hello;--",   "?1 hello $1"}) {
    const auto found = trial.try_search(*store, {.text = text, .rooms = {"room"}});
    if (!trial.expect_ok(found.status(), "search() for '" + std::string(text) + "'")) return;
    const auto& messages = found->messages;
    const bool one = std::string_view(text).find('1') != std::string_view::npos;
    const bool parts = std::string_view(text).find("he\"llo") != std::string_view::npos;
    trial.expect(messages.size() == (one || parts ? 0 : 3),
                 "'" + std::string(text) + "' found " + names_of(messages));
  }
  expect_found(trial, *store, "hel*", {});
  expect_found(trial, *store, "hello -world", {1});
  expect_found(trial, *store, "hello NOT world", {});
  expect_found(trial, *store, "hello AND world", {});
  expect_found(trial, *store, "hello OR missing", {});
  expect_found(trial, *store, "hello NEAR world", {});
  expect_found(trial, *store, "NEAR(hello world)", {});
  expect_found(trial, *store, "hello NEAR OR", {2});
  expect_found(trial, *store, "text:hello", {2});
  expect_found(trial, *store, "'; DROP TABLE messages; --", {3});
  expect_found(trial, *store, std::string("hello\0world", 11), {1});
  expect_found(trial, *store, "hello \xFF\xFE", {3, 2, 1});
  expect_found(trial, *store, "hello", {3, 2, 1});
}

inline void search_refuses_what_is_too_much(Trial& trial) {
  auto store = trial.open();
  std::string words;
  for (std::size_t i = 0; i < kSearchWordsMax; ++i)
    words += "w" + std::to_string(i) + " ";
  std::string run;
  for (int i = 0; i < 2000; ++i)
    run += i % 3 == 0 ? "가" : "나";
  if (store == nullptr ||
      !trial.append(*store, {message("room", 1, words), message("room", 2, run)})) {
    return;
  }
  std::vector<std::string> rooms(kSearchRoomsMax - 1, "other");
  rooms.push_back("room");
  expect_found(trial, *store, words, {1}, rooms);
  expect_found(trial, *store, run, {2}, rooms);
  expect_refused(trial, *store, {.text = words + "more", .rooms = {"room"}}, "a word too many");
  for (const char* text : {"", " \t\n", "?!...", "\"\"", "*", "\xFF"})
    expect_refused(trial, *store, {.text = text, .rooms = {"room"}}, "a text without a word");
  rooms.push_back("other");
  expect_refused(trial, *store, {.text = "w1", .rooms = rooms}, "a room too many");
}

inline std::vector<Promise> search_promises() {
  return {
      {"search: is offered", search_is_offered},
      {"search: finds messages that have all the words", search_finds_all_words},
      {"search: finds parts of Korean, Japanese and Chinese words",
       search_finds_parts_of_korean_words},
      {"search: looks in the rooms it is given and nowhere else", search_stays_in_its_rooms},
      {"search: the newest come first, of equal times by room and offset", search_ranks_by_time},
      {"search: pages lose nothing and have nothing twice", search_pages_lose_nothing},
      {"search: what was removed is not found", search_forgets_what_is_removed},
      {"search: what was stored again, or refused, is not found by that", search_finds_once},
      {"search: what somebody types is text and no query language", search_takes_text_as_text},
      {"search: no word, too many words and too many rooms are refused",
       search_refuses_what_is_too_much},
  };
}

}  // namespace madang::conformance
