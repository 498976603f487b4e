// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <tuple>

#include "storage/sqlite/store_folder.h"

namespace madang {
namespace {

using conformance::message;
using conformance::message_at;

SqliteOptions with_search(const StoreFolder& folder, bool search) {
  SqliteOptions options = folder.options();
  options.search = search;
  return options;
}

std::vector<std::uint64_t> found(WaitingStore& store, const std::string& text,
                                 std::vector<std::string> rooms = {"room"}) {
  const auto page = store.search({.text = text, .rooms = std::move(rooms)});
  REQUIRE_MESSAGE(page.ok(), page.status().ToString());
  std::vector<std::uint64_t> offsets;
  for (const StoredMessage& each : page->messages)
    offsets.push_back(each.offset);
  return offsets;
}

using Offsets = std::vector<std::uint64_t>;

TEST_CASE("search: turned on over a store that has messages it comes to find them all") {
  const StoreFolder folder;
  MessageBatch batch;
  for (std::uint64_t offset = 1; offset <= 1700; ++offset)
    batch.push_back(message("room", offset, offset % 100 == 0 ? "\"rare word\"" : "\"word\""));
  {
    WaitingStore store(with_search(folder, false));
    REQUIRE(store.open().ok());
    CHECK(store.get().search() == nullptr);
    CHECK(stored(store.append(batch)));
    CHECK(store.close().ok());
  }
  for (int round = 0; round < 2; ++round) {
    WaitingStore store(with_search(folder, true));
    REQUIRE(store.open().ok());
    CHECK(stored(store.append({message("room", 1800 + round, "\"rare word\"")})));
    // What comes now is done between the steps; close() waits for those that are under way.
    CHECK(store.remove("room", 150).ok());
    CHECK(store.close().ok());
  }
  WaitingStore store(with_search(folder, true));
  REQUIRE(store.open().ok());
  Offsets all = {1801, 1800};
  for (std::uint64_t offset = 1700; offset > 150; offset -= 100)
    all.push_back(offset);
  for (int tries = 0; tries < 1000 && found(store, "rare").size() != all.size(); ++tries)
    CHECK(store.remove("nobody", 1).ok());  // lets a step be done
  CHECK(found(store, "rare") == all);
}

TEST_CASE("search: turned off and on again it finds no more than there is") {
  const StoreFolder folder;
  for (const bool search : {true, false, true}) {
    WaitingStore store(with_search(folder, search));
    REQUIRE(store.open().ok());
    CHECK(store.remove("room", store.load("room")->top).ok());
    const std::uint64_t top = store.load("room")->top;
    CHECK(stored(store.append({message("room", top + 1, "\"word\"")})));
    if (search) {
      for (int tries = 0; tries < 1000 && found(store, "word").empty(); ++tries)
        CHECK(store.remove("nobody", 1).ok());
      CHECK(found(store, "word") == Offsets{top + 1});
    }
    CHECK(store.close().ok());
  }
}

TEST_CASE("search: what was typed is words and never a query of the index") {
  const StoreFolder folder;
  WaitingStore store(with_search(folder, true));
  REQUIRE(store.open().ok());
  CHECK(stored(store.append({message("room", 1, "\"near not and or text\""),
                             message("room", 2, "\"words match text\"")})));
  CHECK(found(store, "NOT near") == Offsets{1});
  CHECK(found(store, "text:words") == Offsets{2});
  CHECK(found(store, "\"\"text\"\" OR") == Offsets{1});
  CHECK(found(store, "te*") == Offsets{});
  CHECK(found(store, "(text) AND ^match") == Offsets{});
  CHECK(found(store, "match -words +text") == Offsets{2});
}

TEST_CASE("search: offsets far apart are found in order, page by page") {
  const StoreFolder folder;
  WaitingStore store(with_search(folder, true));
  REQUIRE(store.open().ok());
  const std::uint64_t far = std::uint64_t{1} << 40;
  CHECK(stored(store.append({message_at("room", 3, 1, "word"), message_at("room", far, 2, "word"),
                             message_at("room", far + (1ull << 33), 3, "word"),
                             message_at("room", 1ull << 62, 4, "word")})));
  CHECK(found(store, "word") == Offsets{1ull << 62, far + (1ull << 33), far, 3});
  SearchQuery query{.text = "word", .rooms = {"room"}, .messages_max = 1};
  Offsets all;
  for (int pages = 0; pages < 5; ++pages) {
    const auto page = store.search(query);
    REQUIRE(page.ok());
    if (page->messages.empty()) break;
    const StoredMessage& last = page->messages.back();
    all.push_back(last.offset);
    query.below = SearchCursor{.time = last.time, .room = last.room, .offset = last.offset};
  }
  CHECK(all == Offsets{1ull << 62, far + (1ull << 33), far, 3});
}

// All that is found, by pages of so many.
std::vector<StoredMessage> found_by_pages(WaitingStore& store, SearchQuery query) {
  std::vector<StoredMessage> all;
  for (int pages = 0; pages < 1000; ++pages) {
    const auto page = store.search(query);
    REQUIRE_MESSAGE(page.ok(), page.status().ToString());
    if (page->messages.empty()) break;
    all.insert(all.end(), page->messages.begin(), page->messages.end());
    query.below = SearchCursor{all.back().time, all.back().room, all.back().offset};
  }
  return all;
}

MessageBatch newest_first(MessageBatch batch) {
  std::sort(batch.begin(), batch.end(), [](const StoredMessage& a, const StoredMessage& b) {
    return std::tie(a.time, a.room, a.offset) > std::tie(b.time, b.room, b.offset);
  });
  return batch;
}

TEST_CASE("search: old months that are brought in late stand where their time is") {
  const StoreFolder folder;
  WaitingStore store(with_search(folder, true));
  REQUIRE(store.open().ok());
  MessageBatch all;
  for (std::int64_t month = 5; month >= -5; --month) {
    MessageBatch batch;
    for (std::uint64_t i = 1; i <= 20; ++i) {
      const std::string room = "room" + std::to_string(i % 3);
      const std::int64_t ms = month * 1000 + static_cast<std::int64_t>(i * 7 % 5);
      batch.push_back(message_at(room, (5 - month) * 100 + i, ms, "word"));
    }
    CHECK(stored(store.append(batch)));
    all.insert(all.end(), batch.begin(), batch.end());
  }
  const SearchQuery query{.text = "word", .rooms = {"room0", "room1", "room2"}, .messages_max = 7};
  CHECK(conformance::same_messages(found_by_pages(store, query), newest_first(all)));
}

TEST_CASE("search: times at the ends of all time are found in order") {
  const StoreFolder folder;
  WaitingStore store(with_search(folder, true));
  REQUIRE(store.open().ok());
  MessageBatch batch;
  constexpr auto kLeast = std::numeric_limits<std::int64_t>::min();
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  for (const std::int64_t ms :
       {kLeast, kLeast + 1, std::int64_t{-1}, std::int64_t{0}, std::int64_t{1}, kMost - 1, kMost}) {
    batch.push_back(message("room", batch.size() + 1, "word"));
    batch.back().time = WallTime(std::chrono::milliseconds(ms));
  }
  CHECK(stored(store.append(batch)));
  const SearchQuery query{.text = "word", .rooms = {"room"}, .messages_max = 2};
  CHECK(conformance::same_messages(found_by_pages(store, query), newest_first(batch)));
}

TEST_CASE("search: what comes disordered within a minute is in order, and again after a restart") {
  const StoreFolder folder;
  MessageBatch all;
  for (int round = 0; round < 2; ++round) {
    WaitingStore store(with_search(folder, true));
    REQUIRE(store.open().ok());
    for (std::uint64_t i = 1; i <= 50; ++i) {
      const std::uint64_t offset = static_cast<std::uint64_t>(round) * 50 + i;
      const auto ms = static_cast<std::int64_t>(offset * 7919 % 60'000);
      all.push_back(message_at(i % 2 == 0 ? "room" : "other", offset, ms, "word"));
      CHECK(stored(store.append({all.back()})));
    }
    for (const std::size_t count : {1, 7, 1000}) {
      const SearchQuery query{.text = "word", .rooms = {"room", "other"}, .messages_max = count};
      CHECK(conformance::same_messages(found_by_pages(store, query), newest_first(all)));
    }
    CHECK(store.close().ok());
  }
}

TEST_CASE("search: what has no place left in its minute is found in order all the same") {
  const StoreFolder folder;
  const MessageBatch first{message_at("room", 1, 0, "word")};
  {
    WaitingStore store(with_search(folder, true));
    REQUIRE(store.open().ok());
    CHECK(stored(store.append(first)));
    CHECK(store.close().ok());
  }
  // The last place of two minutes, as if millions of messages were there.
  folder.run_sql(
      "INSERT INTO word_rows SELECT ((id >> 24) << 24) + 16777215, 0 FROM word_rows;"
      "INSERT INTO word_rows SELECT max(id) + 16777216, 0 FROM word_rows");
  MessageBatch all = first;
  for (int round = 0; round < 2; ++round) {
    WaitingStore store(with_search(folder, true));
    REQUIRE(store.open().ok());
    for (std::uint64_t i = 1; i <= 60; ++i) {
      const std::uint64_t offset = static_cast<std::uint64_t>(round) * 60 + i + 1;
      const auto ms = static_cast<std::int64_t>(offset * 7919 % 250'000);
      all.push_back(message_at(i % 2 == 0 ? "room" : "other", offset, ms, "word"));
    }
    CHECK(stored(store.append({all.end() - 60, all.end()})));
    for (const std::size_t count : {1, 7, 1000}) {
      const SearchQuery query{.text = "word", .rooms = {"room", "other"}, .messages_max = count};
      CHECK(conformance::same_messages(found_by_pages(store, query), newest_first(all)));
    }
    CHECK(store.close().ok());
  }
}

TEST_CASE("search: many rooms that are quiet are found behind one that is loud") {
  const StoreFolder folder(StoreFolder::kInMemory);
  WaitingStore store(with_search(folder, true));
  REQUIRE(store.open().ok());
  SearchQuery query{.text = "word", .rooms = {}, .messages_max = 30};
  MessageBatch quiet;
  for (std::uint64_t i = 1; i <= 100; ++i) {
    query.rooms.push_back("quiet" + std::to_string(i));
    // Some of them are among the first that are looked at.
    const std::int64_t ms = i % 10 == 0 ? 6000 : 1;
    quiet.push_back(message_at(query.rooms.back(), i, ms, "word"));
  }
  CHECK(stored(store.append(quiet)));
  MessageBatch loud;
  for (std::uint64_t i = 1; i <= 7000; ++i)
    loud.push_back(message_at("loud", i, static_cast<std::int64_t>(i), "word"));
  CHECK(stored(store.append(std::move(loud))));
  CHECK(conformance::same_messages(found_by_pages(store, query), newest_first(quiet)));
}

TEST_CASE("search: words of a run stand beside each other, wherever else they are") {
  const StoreFolder folder;
  WaitingStore store(with_search(folder, true));
  REQUIRE(store.open().ok());
  MessageBatch batch;
  for (std::uint64_t i = 1; i <= 40; ++i)
    batch.push_back(message("room", i, i % 10 == 0 ? "가나다" : "가나 나다"));
  CHECK(stored(store.append(batch)));
  CHECK(found(store, "가나다") == Offsets{40, 30, 20, 10});
  CHECK(found(store, "가나 나다").size() == 40);
  const SearchQuery query{.text = "가나다", .rooms = {"room"}, .messages_max = 1};
  CHECK(found_by_pages(store, query).size() == 4);
}

}  // namespace
}  // namespace madang
