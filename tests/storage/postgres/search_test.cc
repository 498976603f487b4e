// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "storage/postgres/clock.h"
#include "storage/postgres/fixture.h"

using namespace madang;
using namespace madang::testing;

namespace {

absl::StatusOr<SearchPage> search(MessageStore& store, SearchQuery query) {
  return answer<SearchPage>(
      [&](auto done) { store.search()->search(std::move(query), std::move(done)); });
}

}  // namespace

TEST_CASE("search: pages go through all months from the newest on, and through wild times") {
  if (shared_server() == nullptr) return;
  auto options = test_options();
  options.search = true;
  const auto store = make_postgres_store(options);
  REQUIRE(open(*store).ok());
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
  if (shared_server() == nullptr) return;
  auto options = test_options();
  options.search = true;
  const auto store = make_postgres_store(options);
  REQUIRE(open(*store).ok());
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
