// SPDX-License-Identifier: Apache-2.0
#include "storage/postgres/lease.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "storage/postgres/fixture.h"
#include "storage/postgres/statements.h"

using namespace madang;
using namespace madang::testing;
using namespace std::chrono_literals;
using conformance::messages;

namespace {

PostgresOptions lease_options(const std::string& name, Duration lease,
                              const std::string& schema = new_schema()) {
  PostgresOptions options = test_options(schema);
  options.writer_lease = lease;
  options.writer_name = name;
  return options;
}

// The other options of a store on another machine, whom cutting off `app` does not touch.
PostgresOptions elsewhere(PostgresOptions options, const std::string& name) {
  options.primary = shared_server()->conninfo("admin");
  options.writer_name = name;
  return options;
}

// While it lives the role `app` gets no connection, as if its machine had lost the network.
class CutOff {
 public:
  CutOff() {
    shared_server()->run("ALTER ROLE app CONNECTION LIMIT 0");
    shared_server()->run(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app'");
  }
  ~CutOff() { shared_server()->run("ALTER ROLE app CONNECTION LIMIT -1"); }
};

// Whether open() was refused because of a lease, with the time that is left of it.
bool refused_by_lease(const absl::Status& status, Duration lease) {
  const std::string text(status.message());
  const std::string before = "its lease runs for ";
  const auto at = text.find(before);
  if (!absl::IsFailedPrecondition(status) || at == std::string::npos) return false;
  const auto left = std::chrono::milliseconds(std::stoll(text.substr(at + before.size())));
  return left > 0ms && left <= lease;
}

std::string columns_of_meta(const PostgresOptions& options) {
  return shared_server()->run(
      "SELECT string_agg(attname, ' ' ORDER BY attnum) FROM pg_attribute WHERE attnum > 0"
      " AND NOT attisdropped AND attrelid = '" +
      table(options, "meta") + "'::regclass");
}

}  // namespace

TEST_CASE("lease: it counts from before it was asked for, less a tenth, and never below zero") {
  postgres::Lease lease(10s);
  const MonoTime sent = MonoTime(1h);
  CHECK(lease.left(sent) == Duration(0));
  lease.taken(sent);
  CHECK(lease.left(sent + 1s) == 8s);
  CHECK(lease.left(sent + 9s) == Duration(0));
  CHECK(lease.left(sent + 1h) == Duration(0));
}

TEST_CASE("lease: after its end no late answer brings it back") {
  postgres::Lease lease(10s);
  const MonoTime sent = MonoTime(1h);
  lease.taken(sent);
  lease.end();
  CHECK(lease.left(sent) == Duration(0));
  CHECK_FALSE(lease.wanted());
  lease.taken(sent + 1s);
  CHECK(lease.left(sent + 1s) == Duration(0));
}

TEST_CASE("lease: without the option there is none") {
  if (shared_server() == nullptr) return;
  const auto options = test_options();
  const auto store = make_postgres_store(options);
  REQUIRE(open(*store).ok());
  CHECK(store->lease_left() == Duration(0));
  CHECK(shared_server()->run("SELECT lease_until FROM " + table(options, "meta")) == "0");
}

TEST_CASE("lease: one that is too short or too long, or a name too long, is an error of open()") {
  if (shared_server() == nullptr) return;
  for (const Duration lease : {Duration(-1s), Duration(1ns), Duration(99ms), Duration(25h)})
    CHECK(absl::IsInvalidArgument(open(*make_postgres_store(lease_options("", lease))).status()));
  const auto options = lease_options(std::string(256, 'x'), 1s);
  CHECK(absl::IsInvalidArgument(open(*make_postgres_store(options)).status()));
}

TEST_CASE("lease: it is renewed while nobody calls, before it runs out") {
  if (shared_server() == nullptr) return;
  const auto store = make_postgres_store(lease_options("a", 3s));
  CHECK(store->lease_left() == Duration(0));
  REQUIRE(open(*store).ok());
  Duration least = Duration::max();
  Duration last = store->lease_left();
  CHECK(last <= 2700ms);
  int renewals = 0;
  CHECK(eventually([&] {
    const Duration left = store->lease_left();
    renewals += left > last;
    least = std::min(least, left);
    last = left;
    return renewals == 3;
  }));
  CHECK(least > Duration(0));
  CHECK(close(*store).ok());
}

TEST_CASE("lease: while the server is away it runs out, and is there again with the server") {
  if (shared_server() == nullptr) return;
  const auto store = make_postgres_store(lease_options("a", 1500ms));
  REQUIRE(open(*store).ok());
  shared_server()->kill();
  Duration last = store->lease_left();
  bool rose = false;
  CHECK(eventually([&] {
    const Duration left = store->lease_left();
    rose = rose || left > last;
    last = left;
    return left == Duration(0);
  }));
  CHECK_FALSE(rose);
  shared_server()->start();
  CHECK(eventually([&] { return store->lease_left() > Duration(0); }));
  CHECK(append_until_clear(*store, messages("room", 1, 3)).ok());
  CHECK(close(*store).ok());
}

TEST_CASE("lease: another waits until that of a lost machine ran out, and the lost one is fenced") {
  if (shared_server() == nullptr) return;
  const Duration lease = 4s;
  const auto options = lease_options("lost", lease);
  const auto lost = make_postgres_store(options);
  REQUIRE(open(*lost).ok());
  REQUIRE(append(*lost, messages("room", 1, 5)).ok());
  const auto other = make_postgres_store(elsewhere(options, "other"));
  {
    const CutOff cut_off;
    shared_server()->kill();
    shared_server()->start();
    // A server that took longer to come back than the lease runs has nobody to refuse.
    const bool in_time = lost->lease_left() > lease / 3;
    int refused = 0;
    bool counted_on = false;
    bool opened = false;
    CHECK(eventually([&] {
      // The lost one looks last, so that it still counted on it when the other was let in.
      const absl::Status status = open(*other).status();
      counted_on = lost->lease_left() > Duration(0);
      opened = status.ok();
      if (!opened) CHECK(refused_by_lease(status, lease));
      refused += !opened;
      return opened;
    }));
    CHECK(opened);
    CHECK((refused > 0 || !in_time));
    CHECK_FALSE(counted_on);
    CHECK(other->lease_left() > Duration(0));
    CHECK(append(*other, messages("room", 6, 6)).ok());
  }
  const auto fenced = append_until_clear(*lost, messages("room", 6, 7));
  CHECK(absl::IsFailedPrecondition(fenced.status()));
  CHECK(lost->lease_left() == Duration(0));
  CHECK(holds_exactly(*other, "room", 6));
  CHECK(close(*other).ok());
}

TEST_CASE("lease: while its session lives another is told of writer and lease") {
  if (shared_server() == nullptr) return;
  const auto options = lease_options("a", 3s);
  const auto store = make_postgres_store(options);
  REQUIRE(open(*store).ok());
  auto other_options = elsewhere(options, "b");
  other_options.writer_wait = 100ms;
  CHECK(refused_by_lease(open(*make_postgres_store(other_options)).status(), 3s));
  // The same name does not help as long as the first one is there.
  other_options.writer_name = "a";
  CHECK(refused_by_lease(open(*make_postgres_store(other_options)).status(), 3s));
  CHECK(store->lease_left() > Duration(0));
}

TEST_CASE("lease: whoever comes back under the same name does not wait for it") {
  if (shared_server() == nullptr) return;
  const auto options = lease_options("a", 600s);
  {
    const auto killed = make_postgres_store(options);
    REQUIRE(open(*killed).ok());
    REQUIRE(append(*killed, messages("room", 1, 5)).ok());
  }
  CHECK(refused_by_lease(open(*make_postgres_store(elsewhere(options, "b"))).status(), 600s));
  CHECK(refused_by_lease(open(*make_postgres_store(elsewhere(options, ""))).status(), 600s));
  const auto store = make_postgres_store(options);
  REQUIRE(open(*store).ok());
  CHECK(store->lease_left() > 500s);
  CHECK(holds_exactly(*store, "room", 5));
  CHECK(load(*store, "room")->continuity == Continuity::kStored);
  CHECK(close(*store).ok());
}

TEST_CASE("lease: without a name nobody comes back before it ran out, and then anybody") {
  if (shared_server() == nullptr) return;
  const auto options = lease_options("", 1s);
  CHECK(open(*make_postgres_store(options)).ok());
  CHECK(refused_by_lease(open(*make_postgres_store(options)).status(), 1s));
  CHECK(eventually([&] { return open(*make_postgres_store(options)).ok(); }));
}

TEST_CASE("lease: close() gives it up, and lets the next one in at once") {
  if (shared_server() == nullptr) return;
  const auto options = lease_options("a", 600s);
  const auto store = make_postgres_store(options);
  REQUIRE(open(*store).ok());
  CHECK(store->lease_left() > 500s);
  REQUIRE(close(*store).ok());
  CHECK(store->lease_left() == Duration(0));
  const auto other = make_postgres_store(elsewhere(options, "b"));
  CHECK(open(*other).ok());
  CHECK(close(*other).ok());
}

TEST_CASE("open: a schema of version 1 is upgraded in place, and everything in it stays") {
  if (shared_server() == nullptr) return;
  auto options = test_options();
  std::string lineage;
  {
    const auto store = make_postgres_store(options);
    const auto opened = open(*store);
    REQUIRE(opened.ok());
    lineage = opened->lineage;
    REQUIRE(append(*store, messages("room", 1, 20)).ok());
    REQUIRE(close(*store).ok());
  }
  shared_server()->run("ALTER TABLE " + table(options, "meta") +
                       " DROP COLUMN lease_until, DROP COLUMN lease_owner; UPDATE " +
                       table(options, "meta") + " SET version = 1; DROP TABLE " +
                       table(options, "segments") + ", " + table(options, "words") + ", " +
                       table(options, "unindexed"));
  REQUIRE(columns_of_meta(options) == "version id term unclean running");

  options.writer_lease = 3s;
  const auto store = make_postgres_store(options);
  const auto opened = open(*store);
  REQUIRE(opened.ok());
  CHECK(opened->lineage == lineage);
  CHECK(store->lease_left() > Duration(0));
  CHECK(shared_server()->run("SELECT version FROM " + table(options, "meta")) ==
        std::to_string(postgres::kSchemaVersion));
  CHECK(holds_exactly(*store, "room", 20));
  CHECK(load(*store, "room")->continuity == Continuity::kComplete);
  CHECK(append(*store, messages("room", 21, 22)).ok());
  CHECK(close(*store).ok());
}
