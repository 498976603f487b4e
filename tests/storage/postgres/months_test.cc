// SPDX-License-Identifier: Apache-2.0
#include "storage/postgres/months.h"

#include <doctest/doctest.h>

#include <limits>

#include "storage/postgres/clock.h"
#include "storage/postgres/fixture.h"

using namespace madang;
using namespace madang::testing;
using postgres::month_of;

namespace {

WallTime day(int year, unsigned month, unsigned day) {
  return std::chrono::sys_days(std::chrono::year(year) / static_cast<int>(month) /
                               static_cast<int>(day));
}

StoredMessage message_of(const std::string& room, std::uint64_t offset, WallTime time) {
  StoredMessage message = conformance::message(room, offset);
  message.time = time;
  return message;
}

std::string partitions(const PostgresOptions& options, const std::string& like) {
  return shared_server()->run("SELECT count(*) FROM pg_inherits WHERE inhparent = '" +
                              table(options, "messages") +
                              "'::regclass AND inhrelid::regclass"
                              "::text LIKE '%" +
                              like + "%'");
}

}  // namespace

TEST_CASE("months: a time that a clock may show has one, and others have none") {
  const WallTime now = day(2026, 11, 21);
  CHECK(month_of(day(1970, 1, 1), day(1970, 1, 1)) == 0);
  CHECK(month_of(day(1969, 12, 31), day(1970, 1, 1)) == -1);
  CHECK(month_of(now, now) == 682);
  CHECK(postgres::month_name(682) == "2026_11");
  CHECK(postgres::month_named("2026_11") == 682);
  CHECK(postgres::month_begin(682) == day(2026, 11, 1));
  CHECK(month_of(day(2016, 11, 1), now) == 562);
  CHECK_FALSE(month_of(day(2016, 10, 31), now));
  CHECK(month_of(day(2027, 11, 30), now) == 694);
  CHECK_FALSE(month_of(day(2027, 12, 1), now));
  for (const auto wild : {std::numeric_limits<std::int64_t>::min(),
                          std::numeric_limits<std::int64_t>::max(), std::int64_t{0}})
    CHECK_FALSE(month_of(WallTime(std::chrono::milliseconds(wild)), now));
  for (const char* name : {"default", "2026_13", "2026_00", "2026-11", "20261_1", "aaaa_bb"})
    CHECK_FALSE(postgres::month_named(name));
}

TEST_CASE("months: the ranges cover all of time without a gap") {
  for (const std::set<int>& months :
       {std::set<int>{}, std::set<int>{5}, std::set<int>{-1, 0, 1, 700}}) {
    const auto ranges = postgres::time_ranges(months);
    CHECK(ranges.front().from == std::numeric_limits<std::int64_t>::min());
    CHECK(ranges.back().last == std::numeric_limits<std::int64_t>::max());
    std::size_t named = 0;
    for (std::size_t i = 0; i < ranges.size(); ++i) {
      CHECK((i == 0 || ranges[i].from == ranges[i - 1].last + 1));
      named += ranges[i].month.has_value();
    }
    CHECK(named == months.size());
  }
}

TEST_CASE("append: messages lie in the partition of their month, and wild times in the default") {
  if (shared_server() == nullptr) return;
  const auto options = test_options();
  const auto store = make_postgres_store(options);
  REQUIRE(open(*store).ok());
  const WallTime now = postgres::wall_now();
  const WallTime old = now - std::chrono::days(800);
  const WallTime wild =
      WallTime(std::chrono::milliseconds(std::numeric_limits<std::int64_t>::max()));
  REQUIRE(append(*store, {message_of("room", 1, old), message_of("room", 2, now),
                          message_of("room", 3, wild)})
              .ok());
  CHECK(partitions(options, "messages_2") == "4");  // this month, the next two, the old one
  const std::string name = postgres::month_name(*month_of(old, now));
  CHECK(shared_server()->run("SELECT min(pos) || '-' || max(pos) FROM " +
                             table(options, "messages_" + name)) == "1-1");
  CHECK(shared_server()->run("SELECT min(pos) || '-' || max(pos) FROM " +
                             table(options, "messages_default")) == "3-3");
  CHECK(load(*store, "room")->messages.size() == 3);

  // A month of which messages came before it had a partition stays in the default one.
  const WallTime later = now + std::chrono::days(200);
  shared_server()->run("INSERT INTO " + table(options, "messages_default") + " VALUES (999, 1, " +
                       std::to_string(later.time_since_epoch().count()) + ", '', '')");
  CHECK(append(*store, {message_of("room", 4, later)}).ok());
  CHECK(append(*store, {message_of("room", 5, later)}).ok());
  CHECK(partitions(options, "messages_2") == "4");
  CHECK(load(*store, "room")->messages.size() == 5);
}

TEST_CASE("expire: a month that is older as a whole is dropped, and no message too many goes") {
  if (shared_server() == nullptr) return;
  const auto options = test_options();
  const auto store = make_postgres_store(options);
  REQUIRE(open(*store).ok());
  const WallTime now = postgres::wall_now();
  MessageBatch batch;
  for (std::uint64_t i = 1; i <= 120; ++i)
    batch.push_back(
        message_of(i % 2 == 0 ? "even" : "odd", i, now - std::chrono::days(10 * (121 - i))));
  REQUIRE(append(*store, batch).ok());
  const int before = std::stoi(partitions(options, "messages_2"));
  const auto expire = [&](WallTime time, std::size_t most) {
    return answer<std::size_t>(
        [&](auto done) { store->retention()->expire(time, most, std::move(done)); });
  };
  const WallTime year = now - std::chrono::days(365);
  std::size_t removed = 0;
  for (std::size_t now_removed = 7; now_removed == 7; removed += now_removed) {
    const auto result = expire(year, 7);
    REQUIRE(result.ok());
    now_removed = *result;
    REQUIRE(now_removed <= 7);
  }
  CHECK(removed == 84);
  CHECK(std::stoi(partitions(options, "messages_2")) <= before - 26);
  CHECK(load(*store, "odd")->first == 85);
  CHECK(load(*store, "even")->first == 86);
  CHECK(load(*store, "even")->top == 120);
  CHECK(expire(year, 100).value() == 0);
  CHECK(expire(now + std::chrono::days(100), 1000).value() == 36);
  CHECK(load(*store, "even")->first == 121);
}
