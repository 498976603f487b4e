// SPDX-License-Identifier: Apache-2.0

// PostgreSQL goes away while people write, and a journal in SQLite takes what it can not.
#ifdef MADANG_TEST_SQLITE

#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "madang/base/random.h"
#include "madang/storage/journaled_store.h"
#include "madang/storage/sqlite/sqlite_store.h"
#include "storage/postgres/fixture.h"

using namespace madang;
using namespace madang::testing;
using conformance::messages;

namespace {

// What is to be found again after the process.
struct Place {
  Place() {
    std::string name = (std::filesystem::temp_directory_path() / "madang-journal-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    folder = name;
    options = test_options();
    options.request_timeout = std::chrono::seconds(2);
    options.writer_lease = std::chrono::seconds(60);
    options.writer_name = "here";
  }
  ~Place() { std::filesystem::remove_all(folder); }

  std::unique_ptr<JournaledStore> opened() {
    SqliteOptions journal;
    journal.path = folder / "journal.db";
    JournalOptions with;
    with.set_aside = [this](const StoredMessage&, const absl::Status&) { ++set_aside; };
    auto store = std::make_unique<JournaledStore>(make_postgres_store(options),
                                                  make_sqlite_store(journal), std::move(with));
    REQUIRE(eventually([&] { return open(*store).ok(); }));
    return store;
  }

  std::filesystem::path folder;
  PostgresOptions options;
  int set_aside = 0;
};

bool taken(const absl::StatusOr<AppendResult>& result) {
  return result.ok() && result->refused.empty();
}

}  // namespace

TEST_CASE("journal: whatever becomes of PostgreSQL, what was acknowledged is there, and once") {
  if (shared_server() == nullptr) return;
  Place place;
  auto store = place.opened();
  SeededRandom random(11);
  std::map<std::string, std::uint64_t> tops;
  const auto write = [&](int batches) {
    for (int i = 0; i < batches; ++i) {
      const std::string room = "it's \"" + std::to_string(random.below(3)) + "\"";
      const std::uint64_t count = 1 + random.below(300);
      REQUIRE(taken(append(*store, messages(room, tops[room] + 1, tops[room] + count))));
      tops[room] += count;
    }
  };
  for (int round = 0; round < 4; ++round) {
    write(5);
    shared_server()->kill();
    write(20);
    CHECK(store->state().away);
    CHECK(store->state().messages > 0);
    if (round == 2) {  // the process dies as well, and both come back
      store.reset();
      shared_server()->start();
      store = place.opened();
    } else {
      shared_server()->start();
    }
    write(5);
    CHECK(eventually([&] { return !store->state().away; }));
    for (const auto& [room, top] : tops)
      CHECK(holds_exactly(*store, room, top));
  }
  CHECK(place.set_aside == 0);
  CHECK(close(*store).ok());
}

TEST_CASE("journal: a silent PostgreSQL holds up one batch, and no more") {
  if (shared_server() == nullptr) return;
  Place place;
  auto store = place.opened();
  REQUIRE(taken(append(*store, messages("room", 1, 10))));
  shared_server()->pause();
  REQUIRE(taken(append(*store, messages("room", 11, 20))));
  const auto began = std::chrono::steady_clock::now();
  for (std::uint64_t top = 20; top < 500; top += 10)
    REQUIRE(taken(append(*store, messages("room", top + 1, top + 10))));
  // One of them may have been held back until the store had not answered once more.
  CHECK(std::chrono::steady_clock::now() - began < 3 * place.options.request_timeout);
  shared_server()->resume();
  CHECK(eventually([&] { return !store->state().away; }));
  CHECK(holds_exactly(*store, "room", 500));
  CHECK(close(*store).ok());
}

TEST_CASE("journal: when the lease has run out, nothing is acknowledged that PostgreSQL lacks") {
  if (shared_server() == nullptr) return;
  Place place;
  place.options.writer_lease = std::chrono::seconds(2);
  auto store = place.opened();
  shared_server()->kill();
  std::uint64_t top = 0;
  CHECK(eventually([&] {
    const auto result = append(*store, messages("room", top + 1, top + 1));
    top += taken(result) ? 1 : 0;
    return absl::IsUnavailable(result.status());
  }));
  CHECK(store->lease_left() == Duration(0));
  CHECK(top > 0);
  shared_server()->start();
  // Nobody else has come, so it is let in again.
  CHECK(eventually([&] { return taken(append(*store, messages("room", top + 1, top + 1))); }));
  CHECK(eventually([&] { return !store->state().away; }));
  CHECK(holds_exactly(*store, "room", top + 1));
  CHECK(close(*store).ok());
}

#endif  // MADANG_TEST_SQLITE
