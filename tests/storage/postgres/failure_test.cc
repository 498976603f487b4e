// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <string>
#include <tuple>
#include <vector>

#include "madang/base/random.h"
#include "storage/postgres/fixture.h"

using namespace madang;
using namespace madang::testing;
using conformance::messages;

namespace {

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; at += part.size())
    ++count;
  return count;
}

}  // namespace

TEST_CASE("append: what was acknowledged before the server was killed is there, and once") {
  if (shared_server() == nullptr) return;
  auto options = test_options();
  options.request_timeout = std::chrono::seconds(5);
  const auto store = make_postgres_store(options);
  REQUIRE(open(*store).ok());
  SeededRandom random(7);
  std::uint64_t top = 0;
  for (int round = 0; round < 6; ++round) {
    // Some are acknowledged, then one is under way while the server dies at some moment of it.
    const std::uint64_t quiet = random.below(4);
    for (std::uint64_t i = 0; i < quiet; ++i, top += 200)
      REQUIRE(append_until_clear(*store, messages("room", top + 1, top + 200)).ok());
    const MessageBatch batch = messages("room", top + 1, top + 3000);
    Awaited<AppendResult> under_way;
    store->append(batch, under_way.callback());
    std::ignore = under_way.wait(std::chrono::milliseconds(random.below(60)));
    shared_server()->kill();
    const auto first = under_way.wait(std::chrono::seconds(60));
    INFO(first.status().ToString());
    CHECK((first.ok() || absl::IsUnavailable(first.status())));
    shared_server()->start();
    const auto result = append_until_clear(*store, batch);
    REQUIRE(result.ok());
    CHECK(result->refused.empty());
    top += 3000;
    CHECK(eventually([&] { return holds_exactly(*store, "room", top); }));
  }
  CHECK(load(*store, "room")->top == top);
  CHECK(load(*store, "room")->continuity == Continuity::kComplete);
  CHECK(close(*store).ok());
}

TEST_CASE("append: a batch that takes the server long is stored in the end") {
  if (shared_server() == nullptr) return;
  auto options = test_options();
  options.request_timeout = std::chrono::milliseconds(500);
  const auto store = make_postgres_store(options);
  REQUIRE(open(*store).ok());
  REQUIRE(append_until_clear(*store, messages("room", 1, 10)).ok());
  // As an index of words may, with a large batch after a checkpoint.
  const std::string slowly = table(options, "slowly()");
  shared_server()->run("CREATE FUNCTION " + slowly +
                       " RETURNS trigger LANGUAGE plpgsql AS"
                       " 'BEGIN PERFORM pg_sleep(1.2); RETURN NULL; END';"
                       "CREATE TRIGGER slowly AFTER INSERT ON " +
                       table(options, "messages") + " FOR EACH STATEMENT EXECUTE FUNCTION " +
                       slowly);
  CHECK(absl::IsUnavailable(append(*store, messages("room", 11, 20)).status()));
  const auto result = append_until_clear(*store, messages("room", 11, 20));
  REQUIRE(result.ok());
  CHECK(result->refused.empty());
  CHECK(holds_exactly(*store, "room", 20));
  CHECK(close(*store).ok());
}

TEST_CASE("append: a silent server is Unavailable in time, and nothing is doubled when it wakes") {
  if (shared_server() == nullptr) return;
  auto options = test_options();
  options.request_timeout = std::chrono::milliseconds(1500);
  options.connect_timeout = std::chrono::milliseconds(1500);
  const auto store = make_postgres_store(options);
  REQUIRE(open(*store).ok());
  REQUIRE(append(*store, messages("room", 1, 10)).ok());
  REQUIRE(load(*store, "room").ok());
  shared_server()->pause();
  const MessageBatch batch = messages("room", 11, 20);
  for (int round = 0; round < 3; ++round) {
    const auto begun = std::chrono::steady_clock::now();
    const auto silent = append(*store, batch);
    INFO(silent.status().ToString());
    CHECK(absl::IsUnavailable(silent.status()));
    CHECK(absl::IsUnavailable(load(*store, "room").status()));
    CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds(10));
  }
  shared_server()->resume();
  const auto result = append_until_clear(*store, batch);
  REQUIRE(result.ok());
  CHECK(result->refused.empty());
  CHECK(eventually([&] { return holds_exactly(*store, "room", 20); }));
  CHECK(close(*store).ok());
}

TEST_CASE("open: a wrong password is said in the server's words, and tried with pauses") {
  if (shared_server() == nullptr) return;
  auto options = test_options();
  options.primary = shared_server()->conninfo("app", "guessed");
  options.reconnect_min = std::chrono::seconds(2);
  options.reconnect_max = std::chrono::seconds(4);
  const std::string failed = "password authentication failed";
  const std::size_t before = count_of(shared_server()->log(), failed);
  const auto store = make_postgres_store(options);
  std::vector<Awaited<OpenResult>> opened(20);
  for (auto& each : opened)
    store->open(each.callback());
  for (auto& each : opened) {
    const auto result = each.wait(std::chrono::seconds(30));
    CHECK(absl::IsUnavailable(result.status()));
    CHECK(result.status().message().find(failed) != std::string::npos);
    CHECK(result.status().message().find("guessed") == std::string::npos);
  }
  CHECK(count_of(shared_server()->log(), failed) - before <= 3);
}

TEST_CASE("open: nobody at the port is Unavailable at once, and the store opens when somebody is") {
  if (shared_server() == nullptr) return;
  const auto options = test_options();
  shared_server()->kill();
  const auto store = make_postgres_store(options);
  const auto begun = std::chrono::steady_clock::now();
  CHECK(absl::IsUnavailable(open(*store).status()));
  CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds(4));
  shared_server()->start();
  CHECK(eventually([&] { return open(*store).ok(); }));
  CHECK(append(*store, messages("room", 1, 1)).ok());
  CHECK(close(*store).ok());
}

TEST_CASE("open: a server without a free connection is Unavailable, and heals") {
  if (shared_server() == nullptr) return;
  shared_server()->run("ALTER ROLE app CONNECTION LIMIT 1");
  const auto options = test_options();
  const auto first = make_postgres_store(options);
  REQUIRE(open(*first).ok());
  REQUIRE(append(*first, messages("room", 1, 1)).ok());
  const auto loaded = load(*first, "room");  // would take a second connection
  INFO(loaded.status().ToString());
  CHECK(absl::IsUnavailable(loaded.status()));
  shared_server()->run("ALTER ROLE app CONNECTION LIMIT -1");
  CHECK(eventually([&] { return load(*first, "room").ok(); }));
  CHECK(append(*first, messages("room", 2, 2)).ok());
}

TEST_CASE(
    "open: when max_connections are taken it is Unavailable, and a writer that is in goes on") {
  if (shared_server() == nullptr) return;
  const auto options = test_options();
  const auto writer = make_postgres_store(options);
  REQUIRE(open(*writer).ok());
  REQUIRE(append(*writer, messages("room", 1, 1)).ok());
  const auto late = make_postgres_store(test_options());
  {
    const auto taken = shared_server()->occupy();
    const absl::Status refused = open(*late).status();
    INFO(refused.ToString());
    CHECK(absl::IsUnavailable(refused));
    CHECK(refused.message().find("connection") != std::string::npos);
    CHECK(absl::IsUnavailable(load(*writer, "room").status()));
    CHECK(append(*writer, messages("room", 2, 2)).ok());
  }
  CHECK(eventually([&] { return open(*late).ok(); }));
  CHECK(eventually([&] { return holds_exactly(*writer, "room", 2); }));
}

TEST_CASE("append: a password that is changed is said in the server's words, until it fits again") {
  if (shared_server() == nullptr) return;
  const auto store = make_postgres_store(test_options());
  REQUIRE(open(*store).ok());
  REQUIRE(append(*store, messages("room", 1, 5)).ok());
  shared_server()->run("ALTER ROLE app PASSWORD 'another'");
  shared_server()->run(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app'");
  // What was under way when the session ended may hear of that instead.
  absl::Status status;
  CHECK(eventually([&] {
    status = append(*store, messages("room", 6, 9)).status();
    return status.message().find("password authentication failed") != std::string::npos;
  }));
  INFO(status.ToString());
  CHECK(absl::IsUnavailable(status));
  shared_server()->run("ALTER ROLE app PASSWORD 'secret'");
  CHECK(append_until_clear(*store, messages("room", 6, 9)).ok());
  CHECK(eventually([&] { return holds_exactly(*store, "room", 9); }));
}

TEST_CASE("open: a schema newer than the library is refused, and nothing in it is touched") {
  if (shared_server() == nullptr) return;
  const auto options = test_options();
  {
    const auto store = make_postgres_store(options);
    REQUIRE(open(*store).ok());
    REQUIRE(close(*store).ok());
  }
  shared_server()->run("UPDATE " + table(options, "meta") + " SET version = 4");
  const std::string whole = "SELECT meta::text FROM " + table(options, "meta");
  const std::string before = shared_server()->run(whole);
  const auto store = make_postgres_store(options);
  CHECK(absl::IsFailedPrecondition(open(*store).status()));
  CHECK(shared_server()->run(whole) == before);
}

TEST_CASE("open: a schema's name that is none, and a database that is not there, are errors") {
  if (shared_server() == nullptr) return;
  for (const char* name : {"", "a b", "a\"b", "Upper", "1st", "a;DROP TABLE x", "a%s"}) {
    const auto store = make_postgres_store(test_options(name));
    CHECK(absl::IsInvalidArgument(open(*store).status()));
  }
  auto options = test_options();
  options.primary += " dbname=nowhere";
  const auto store = make_postgres_store(options);
  CHECK(absl::IsUnavailable(open(*store).status()));
  options.primary = "host";
  const auto other = make_postgres_store(options);
  CHECK(absl::IsUnavailable(open(*other).status()));
}

TEST_CASE("open: a server that does not sync is refused, unless the host says so") {
  if (shared_server() == nullptr) return;
  shared_server()->run("ALTER SYSTEM SET fsync = off");
  shared_server()->run("SELECT pg_reload_conf()");
  CHECK(eventually([] { return shared_server()->run("SHOW fsync") == "off"; }));
  auto options = test_options();
  CHECK(absl::IsFailedPrecondition(open(*make_postgres_store(options)).status()));
  options.accept_fsync_off = true;
  CHECK(open(*make_postgres_store(options)).ok());
  shared_server()->run("ALTER SYSTEM RESET fsync");
  shared_server()->run("SELECT pg_reload_conf()");
  CHECK(eventually([] { return shared_server()->run("SHOW fsync") == "on"; }));
}

TEST_CASE("append: a writer that another has taken over from stores nothing any more") {
  if (shared_server() == nullptr) return;
  const auto options = test_options();
  const auto old = make_postgres_store(options);
  REQUIRE(open(*old).ok());
  REQUIRE(append(*old, messages("room", 1, 5)).ok());

  // The next waits for the lock, gets it when the old session ends, and is ahead of its return.
  auto next_options = options;
  next_options.writer_wait = std::chrono::seconds(8);
  const auto next = make_postgres_store(next_options);
  Awaited<OpenResult> opened;
  next->open(opened.callback());
  const std::string waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND ";
  REQUIRE(eventually([&] { return shared_server()->run(waiting + "NOT granted") == "1"; }));
  shared_server()->run(
      "SELECT pg_terminate_backend(pid) FROM pg_locks"
      " WHERE locktype = 'advisory' AND granted");
  REQUIRE(opened.wait(std::chrono::seconds(30)).ok());
  const auto refused = append_until_clear(*old, messages("room", 6, 6));
  INFO(refused.status().ToString());
  CHECK(absl::IsFailedPrecondition(refused.status()));
  CHECK(holds_exactly(*next, "room", 5));
  CHECK(append(*next, messages("room", 6, 7)).ok());
  CHECK(close(*next).ok());
}

TEST_CASE("append: a writer whose session ended goes on by itself when nobody took over") {
  if (shared_server() == nullptr) return;
  const auto options = test_options();
  const auto store = make_postgres_store(options);
  REQUIRE(open(*store).ok());
  for (std::uint64_t top = 0; top < 50; top += 10) {
    shared_server()->run(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE usename = 'app'");
    REQUIRE(append_until_clear(*store, messages("room", top + 1, top + 10)).ok());
  }
  CHECK(eventually([&] { return holds_exactly(*store, "room", 50); }));
  CHECK(load(*store, "room")->continuity == Continuity::kComplete);
}

TEST_CASE("requests: above the bound they are answered ResourceExhausted, each once") {
  if (shared_server() == nullptr) return;
  auto options = test_options();
  options.requests_max = 10;
  const auto store = make_postgres_store(options);
  REQUIRE(open(*store).ok());
  REQUIRE(append(*store, messages("room", 1, 1)).ok());
  std::vector<Awaited<StoredRoom>> loads(200);
  for (auto& each : loads)
    store->load(conformance::all_of("room"), each.callback());
  int good = 0;
  int refused = 0;
  for (auto& each : loads) {
    const auto result = each.wait(std::chrono::seconds(30));
    good += result.ok();
    refused += absl::IsResourceExhausted(result.status());
  }
  CHECK(good + refused == 200);
  CHECK(good >= 5);
  CHECK(refused > 0);
}
