// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

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

}  // namespace
}  // namespace madang
