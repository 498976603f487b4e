// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "madang/base/random.h"
#include "storage/postgres/clock.h"
#include "storage/postgres/fixture.h"

using namespace madang;
using namespace madang::testing;

namespace {

absl::StatusOr<SearchPage> search(MessageStore& store, SearchQuery query) {
  return answer<SearchPage>(
      [&](auto done) { store.search()->search(std::move(query), std::move(done)); });
}

// An open store that can be searched. Null where there is no PostgreSQL.
std::unique_ptr<MessageStore> searching(PostgresOptions& options) {
  if (shared_server() == nullptr) return nullptr;
  options.search = true;
  auto store = make_postgres_store(options);
  REQUIRE(open(*store).ok());
  return store;
}

// How many rows a table has.
std::size_t rows_of(const PostgresOptions& options, const std::string& name) {
  return std::stoul(shared_server()->run("SELECT count(*) FROM " + table(options, name)));
}

}  // namespace

TEST_CASE("search: pages go through all months from the newest on, and through wild times") {
  auto options = test_options();
  const auto store = searching(options);
  if (store == nullptr) return;
  const WallTime now = postgres::wall_now();
  MessageBatch batch;
  for (std::uint64_t i = 1; i <= 200; ++i) {
    batch.push_back(conformance::message("room", i, i % 2 == 0 ? "한국어 word" : "other word"));
    batch.back().time = now - std::chrono::days(5 * (200 - i));
  }
  batch.front().time = conformance::long_ago();
  batch.back().time = now + std::chrono::days(10'000);
  REQUIRE(append(*store, batch).ok());

  SearchQuery query{.text = "word", .rooms = {"room"}, .messages_max = 9};
  for (std::uint64_t next = 200; next > 0;) {
    const auto page = search(*store, query);
    REQUIRE(page.ok());
    REQUIRE_FALSE(page->messages.empty());
    for (const StoredMessage& message : page->messages)
      CHECK(message.offset == next--);
    const StoredMessage& last = page->messages.back();
    query.below = SearchCursor{last.time, last.room, last.offset};
  }
  CHECK(search(*store, query)->messages.empty());
  CHECK(search(*store, {.text = "국어", .rooms = {"room"}, .messages_max = 500})->messages.size() ==
        100);
}

TEST_CASE("search: words that are there but not side by side are looked past, however many") {
  auto options = test_options();
  const auto store = searching(options);
  if (store == nullptr) return;
  // The pairs of the wanted word are in each, the word itself in the oldest alone.
  MessageBatch batch = {conformance::message("room", 1, "대한민국")};
  for (std::uint64_t i = 2; i <= 500; ++i)
    batch.push_back(conformance::message("room", i, "민국 한민 대한"));
  REQUIRE(append(*store, batch).ok());
  const auto page = search(*store, {.text = "대한민국", .rooms = {"room"}});
  REQUIRE(page.ok());
  REQUIRE(page->messages.size() == 1);
  CHECK(page->messages[0].offset == 1);
}

TEST_CASE("search: common words and rare ones are found in order, in busy rooms and quiet ones") {
  auto options = test_options();
  const auto store = searching(options);
  if (store == nullptr) return;
  // One room has most, times are in no order, and more is there than one look goes over.
  SeededRandom random(11);
  const WallTime now = postgres::wall_now();
  const std::vector<std::string> rooms = {"busy", "quiet", "slow", "still"};
  std::map<std::string, std::uint64_t> tops;
  MessageBatch batch;
  for (int i = 0; i < 6000; ++i) {
    const std::string& room = rooms[random.below(10) == 0 ? 1 + random.below(3) : 0];
    const std::string text = std::string("common") + (random.below(20) == 0 ? " seldom" : "") +
                             (random.below(1000) == 0 ? " rare" : "");
    batch.push_back(conformance::message(room, ++tops[room], text));
    batch.back().time = now - std::chrono::seconds(random.below(5000));
  }
  REQUIRE(append(*store, batch).ok());
  std::sort(batch.begin(), batch.end(), [](const StoredMessage& a, const StoredMessage& b) {
    return std::tie(a.time, a.room, a.offset) > std::tie(b.time, b.room, b.offset);
  });

  for (const std::string word : {"common", "seldom", "rare", "common rare", "absent"}) {
    CAPTURE(word);
    SearchQuery query{.text = word, .rooms = rooms, .messages_max = word == "rare" ? 2U : 300U};
    MessageBatch found;
    for (bool more = true; more;) {
      const auto page = search(*store, query);
      REQUIRE(page.ok());
      more = !page->messages.empty();
      if (!more) break;
      found.insert(found.end(), page->messages.begin(), page->messages.end());
      const StoredMessage& last = found.back();
      query.below = SearchCursor{last.time, last.room, last.offset};
    }
    MessageBatch expected;
    const std::string part = word.substr(word.rfind(' ') + 1);
    for (const StoredMessage& message : batch) {
      if (message.data.view().find(part) != std::string_view::npos) expected.push_back(message);
    }
    CHECK(conformance::same_messages(found, expected));
  }
}

TEST_CASE("search: what is stored while it is off is not found, and no error") {
  if (shared_server() == nullptr) return;
  auto options = test_options();
  {
    const auto store = make_postgres_store(options);
    REQUIRE(open(*store).ok());
    CHECK(store->search() == nullptr);
    REQUIRE(append(*store, conformance::messages("room", 1, 3)).ok());
    REQUIRE(close(*store).ok());
  }
  options.search = true;
  const auto store = make_postgres_store(options);
  REQUIRE(open(*store).ok());
  REQUIRE(append(*store, conformance::messages("room", 4, 5)).ok());
  const auto page = search(*store, {.text = "message", .rooms = {"room", "nowhere"}});
  REQUIRE(page.ok());
  CHECK(page->messages.size() == 2);
}

TEST_CASE("search: small batches are found at once, and the index stays short") {
  auto options = test_options();
  const auto store = searching(options);
  if (store == nullptr) return;
  SeededRandom random(5);
  const WallTime now = postgres::wall_now();
  MessageBatch all;
  for (int i = 0; i < 300; ++i) {
    MessageBatch batch;
    for (std::uint64_t left = 1 + random.below(5); left > 0; --left) {
      batch.push_back(conformance::message("room", all.size() + 1, "some word"));
      batch.back().time = now - std::chrono::milliseconds(random.below(100'000));
      all.push_back(batch.back());
    }
    REQUIRE(append(*store, batch).ok());
    const auto page = search(*store, {.text = "word", .rooms = {"room"}, .messages_max = 10});
    REQUIRE(page.ok());
    std::sort(all.begin(), all.end(), [](const StoredMessage& a, const StoredMessage& b) {
      return std::tie(a.time, a.offset) > std::tie(b.time, b.offset);
    });
    const auto newest = std::min<std::size_t>(all.size(), 10);
    REQUIRE(conformance::same_messages(
        page->messages, {all.begin(), all.begin() + static_cast<std::ptrdiff_t>(newest)}));
  }
  // Fifteen of each of three levels, and what is about to be merged.
  CHECK(rows_of(options, "segments") <= 60);
  CHECK(shared_server()->run("SELECT sum(messages) FROM " + table(options, "segments")) ==
        std::to_string(all.size()));
  CHECK(rows_of(options, "words") ==
        std::stoul(shared_server()->run("SELECT count(*) FROM " + table(options, "words") +
                                        " WHERE segment IN (SELECT id FROM " +
                                        table(options, "segments") + ")")));
}

TEST_CASE("search: what retention removed leaves the index") {
  auto options = test_options();
  const auto store = searching(options);
  if (store == nullptr) return;
  const WallTime now = postgres::wall_now();
  for (std::uint64_t i = 1; i <= 4; ++i) {
    MessageBatch batch = {conformance::message("room", i, "word")};
    batch.back().time = now - std::chrono::hours(24 * 100 / i);
    REQUIRE(append(*store, batch).ok());
  }
  REQUIRE(rows_of(options, "segments") == 4);
  const auto expire = [&](std::size_t most) {
    return answer<std::size_t>([&](auto done) {
      store->retention()->expire(now - std::chrono::hours(24 * 40), most, std::move(done));
    });
  };
  REQUIRE(expire(1).ok());
  CHECK(search(*store, {.text = "word", .rooms = {"room"}})->messages.size() == 3);
  REQUIRE(expire(10).ok());
  CHECK(rows_of(options, "segments") == 2);
  CHECK(search(*store, {.text = "word", .rooms = {"room"}})->messages.size() == 2);
}

TEST_CASE("search: a damaged index is DataLoss, and messages go on being stored") {
  auto options = test_options();
  const auto store = searching(options);
  if (store == nullptr) return;
  REQUIRE(append(*store, conformance::messages("room", 1, 3)).ok());
  shared_server()->run("UPDATE " + table(options, "words") + " SET data = '\\xffff'");
  const auto page = search(*store, {.text = "message", .rooms = {"room"}});
  CHECK(absl::IsDataLoss(page.status()));
  for (std::uint64_t i = 4; i < 40; ++i)
    CHECK(append(*store, conformance::messages("room", i, i)).ok());
  CHECK(close(*store).ok());
}

TEST_CASE("search: what a schema of version 2 had in its index is found after the upgrade") {
  if (shared_server() == nullptr) return;
  auto options = test_options();
  options.search = true;
  MessageBatch old;
  for (std::uint64_t i = 1; i <= 3000; ++i)
    old.push_back(conformance::message(i % 3 == 0 ? "few" : "many", i, i == 2 ? "rare" : "old"));
  {
    const auto store = make_postgres_store(options);
    REQUIRE(open(*store).ok());
    REQUIRE(append(*store, old).ok());
    REQUIRE(close(*store).ok());
  }
  shared_server()->run("UPDATE " + table(options, "meta") + " SET version = 2; DROP TABLE " +
                       table(options, "segments") + ", " + table(options, "words") + ", " +
                       table(options, "unindexed") + "; ALTER TABLE " + table(options, "messages") +
                       " ADD COLUMN words bigint[]; CREATE INDEX" + " messages_words ON " +
                       table(options, "messages") + " USING gin (words)");
  const auto store = make_postgres_store(options);
  REQUIRE(open(*store).ok());
  REQUIRE(append(*store, conformance::messages("room", 1, 1)).ok());
  // The writer does it by itself, a portion at a time between what others ask of it.
  const MonoTime until = postgres::steady_now() + std::chrono::seconds(30);
  while (rows_of(options, "unindexed") > 0 && postgres::steady_now() < until)
    REQUIRE(append(*store, {}).ok());
  const auto all = search(*store, {.text = "old", .rooms = {"few", "many"}, .messages_max = 1000});
  REQUIRE(all.ok());
  CHECK(all->messages.size() == 1000);
  const auto rare = search(*store, {.text = "rare", .rooms = {"few", "many"}});
  REQUIRE(rare.ok());
  REQUIRE(rare->messages.size() == 1);
  CHECK(rare->messages[0].offset == 2);
  CHECK(close(*store).ok());
}
