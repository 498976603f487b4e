// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>

#include "storage/postgres/fixture.h"

using namespace madang;
using namespace madang::testing;
using conformance::messages;
using conformance::page_of;

namespace {

PostgresOptions replica_options() {
  PostgresOptions options = test_options();
  options.replica = shared_replica()->conninfo();
  return options;
}

PageRequest known(std::uint64_t cursor, Direction direction, std::uint64_t stored_top,
                  std::size_t messages_max = 1000) {
  PageRequest request = page_of("room", cursor, direction, messages_max);
  request.stored_top = stored_top;
  return request;
}

void wait_for_replica() {
  REQUIRE(eventually([] {
    return shared_replica()->run("SELECT pg_last_wal_replay_lsn()") ==
           shared_server()->run("SELECT pg_current_wal_lsn()");
  }));
}

// Held back for as long as it lives.
class Lag {
 public:
  Lag() {
    wait_for_replica();
    shared_replica()->run("SELECT pg_wal_replay_pause()");
    REQUIRE(eventually([] {
      return shared_replica()->run("SELECT pg_get_wal_replay_pause_state()") == "paused";
    }));
  }
  ~Lag() { shared_replica()->run("SELECT pg_wal_replay_resume()"); }
  Lag(const Lag&) = delete;
  Lag& operator=(const Lag&) = delete;
};

// How many sessions of a role run or ran a page's statement last.
std::string readers(const PostgresServer& server) {
  return server.run(
      "SELECT count(*) FROM pg_stat_activity WHERE usename = 'app'"
      " AND query LIKE '%LEFT JOIN LATERAL%'");
}

}  // namespace

TEST_CASE("read: a replica that has all serves the pages") {
  if (shared_server() == nullptr) return;
  const auto store = make_postgres_store(replica_options());
  REQUIRE(open(*store).ok());
  REQUIRE(append(*store, messages("room", 1, 100)).ok());
  wait_for_replica();
  const auto page = read(*store, known(0, Direction::kUp, 100));
  REQUIRE(page.ok());
  CHECK(conformance::same_messages(page->messages, messages("room", 1, 100)));
  CHECK(readers(*shared_replica()) == "1");
  CHECK(readers(*shared_server()) == "0");
  CHECK(close(*store).ok());
}

TEST_CASE("read: a replica that lags never gives a page that ends early or has a hole") {
  if (shared_server() == nullptr) return;
  const auto store = make_postgres_store(replica_options());
  REQUIRE(open(*store).ok());
  REQUIRE(append(*store, messages("room", 1, 40)).ok());
  // What fills a hole comes late: 61 to 70 are stored before 41 to 60.
  REQUIRE(append(*store, messages("room", 61, 70)).ok());
  const Lag lag;
  REQUIRE(append(*store, messages("room", 41, 60)).ok());
  REQUIRE(append(*store, messages("room", 71, 100)).ok());
  for (const std::size_t size : {1, 7, 50, 1000}) {
    for (std::uint64_t cursor = 0; cursor <= 101; cursor += 5) {
      const auto up = read(*store, known(cursor, Direction::kUp, 100, size));
      REQUIRE(up.ok());
      CHECK(up->first == 1);
      const std::uint64_t last = std::min<std::uint64_t>(100, cursor + size);
      CHECK(conformance::same_messages(up->messages, messages("room", cursor + 1, last)));

      const auto down = read(*store, known(cursor, Direction::kDown, 100, size));
      REQUIRE(down.ok());
      const std::uint64_t newest = cursor == 0 ? 0 : std::min<std::uint64_t>(100, cursor - 1);
      const std::uint64_t oldest = newest > size ? newest - size + 1 : 1;
      auto wanted = messages("room", oldest, newest);
      std::reverse(wanted.begin(), wanted.end());
      CHECK(conformance::same_messages(down->messages, wanted));
    }
  }
}

TEST_CASE("read: what was removed is not shown by a replica that has not heard of it") {
  if (shared_server() == nullptr) return;
  const auto store = make_postgres_store(replica_options());
  REQUIRE(open(*store).ok());
  REQUIRE(append(*store, messages("room", 1, 100)).ok());
  const Lag lag;
  REQUIRE(answer<void>([&](auto done) { store->remove("room", 50, std::move(done)); }).ok());
  const auto page = read(*store, known(0, Direction::kUp, 100));
  REQUIRE(page.ok());
  CHECK(page->first == 51);
  CHECK(conformance::same_messages(page->messages, messages("room", 51, 100)));
}

TEST_CASE("read: without its replica, or with a silent one, the store asks the primary") {
  if (shared_server() == nullptr) return;
  auto options = replica_options();
  options.replica_timeout = std::chrono::milliseconds(500);
  const auto store = make_postgres_store(options);
  REQUIRE(open(*store).ok());
  REQUIRE(append(*store, messages("room", 1, 10)).ok());
  wait_for_replica();
  shared_replica()->pause();
  for (int i = 0; i < 3; ++i) {
    const auto page = read(*store, known(0, Direction::kUp, 10));
    REQUIRE(page.ok());
    CHECK(page->messages.size() == 10);
  }
  shared_replica()->resume();
  shared_replica()->kill();
  for (int i = 0; i < 3; ++i) {
    const auto page = read(*store, known(0, Direction::kUp, 10));
    REQUIRE(page.ok());
    CHECK(page->messages.size() == 10);
  }
  shared_replica()->start();
}

TEST_CASE("read: a replica of another server is not believed") {
  if (shared_server() == nullptr) return;
  const auto other = PostgresServer::make("other");
  auto options = test_options();
  options.replica = other->conninfo();
  const auto store = make_postgres_store(options);
  REQUIRE(open(*store).ok());
  REQUIRE(append(*store, messages("room", 1, 10)).ok());
  const auto page = read(*store, known(0, Direction::kUp, 10));
  REQUIRE(page.ok());
  CHECK(page->messages.size() == 10);
}

TEST_CASE("continuity: after a fail-over rooms are kBroken, and the old writer does not go on") {
  if (shared_server() == nullptr) return;
  const auto primary = PostgresServer::make("failing");
  auto standby = PostgresServer::make_replica("promoted", *primary);
  auto options = test_options();
  // As in a cluster with two hosts in the connection string: the one that takes writes.
  const std::string ports = std::to_string(primary->port()) + "," + std::to_string(standby->port());
  options.primary = "host=127.0.0.1,127.0.0.1 port=" + ports +
                    " dbname=postgres user=app password=secret target_session_attrs=read-write";
  const auto store = make_postgres_store(options);
  const auto before = open(*store);
  REQUIRE(before.ok());
  REQUIRE(append(*store, messages("room", 1, 10)).ok());
  REQUIRE(eventually([&] {
    return standby->run("SELECT pg_last_wal_replay_lsn()") ==
           primary->run("SELECT pg_current_wal_lsn()");
  }));
  primary->kill();
  standby->run("SELECT pg_promote()");

  CHECK(absl::IsFailedPrecondition(append_until_clear(*store, messages("room", 11, 12)).status()));
  const auto next = make_postgres_store(options);
  const auto after = open(*next);
  REQUIRE(after.ok());
  CHECK(after->lineage != before->lineage);
  const auto room = load(*next, "room");
  REQUIRE(room.ok());
  CHECK(room->top == 10);
  CHECK(room->continuity == Continuity::kBroken);
}
