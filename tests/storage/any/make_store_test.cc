// SPDX-License-Identifier: Apache-2.0
#include "madang/storage/any/make_store.h"

#include "madang/storage/message_retention.h"
#include "madang/storage/message_search.h"
#include "storage/archive/archive_fixture.h"

namespace madang {
namespace {

absl::Status open(MessageStore& store) {
  return wait_for<OpenResult>([&](auto done) { store.open(std::move(done)); }).status();
}

TEST_CASE("make_store: a name nobody knows is refused, with those there are") {
  for (const char* name : {"", "paper:", "Memory", "memory ", "sqlite", "postgres:", "/tmp/x.db"}) {
    const auto made = make_store({.name = name});
    CHECK(absl::IsInvalidArgument(made.status()));
    CHECK(made.status().message().find("memory") != std::string::npos);
  }
}

TEST_CASE("make_store: without a folder there is no archive") {
  const auto made = make_store({.name = "memory", .search = true});
  REQUIRE(made.ok());
  CHECK(made->move == nullptr);
  CHECK(made->store->search() != nullptr);
  CHECK(open(*made->store).ok());
}

TEST_CASE("make_store: an archive does not go before a store that it would outlast") {
  const ArchiveTestFolder folder;
  const auto made = make_store({.name = "memory", .archive_folder = folder.path()});
  CHECK(absl::IsInvalidArgument(made.status()));
  CHECK_FALSE(fs::exists(folder.path()));
}

#ifdef MADANG_TEST_SQLITE
TEST_CASE("make_store: a journal is for a store far away, and needs no server to be chosen") {
  for (const std::string name : {"memory", "sqlite:there.db"}) {
    const auto made = make_store({.name = name, .journal = "journal.db"});
    CHECK(absl::IsInvalidArgument(made.status()));
  }
  const auto made = make_store({.name = "postgres://nobody@nowhere", .journal = "journal.db"});
  CHECK((made.ok() || absl::IsInvalidArgument(made.status())));
}

TEST_CASE("make_store: with a folder old messages move there and are still read") {
  const ArchiveTestFolder folder;
  const auto all = three_months();
  StoreChoice choice;
  choice.name = "sqlite:" + folder.path() + ".db";
  choice.search = true;
  choice.archive_folder = folder.path();
  for (const bool first_time : {true, false}) {
    auto made = make_store(choice);
    REQUIRE(made.ok());
    MessageStore& store = *made->store;
    CHECK(store.search() != nullptr);
    CHECK(store.retention() != nullptr);
    REQUIRE(made->move != nullptr);
    REQUIRE(open(store).ok());
    if (first_time) {
      REQUIRE(wait_for<AppendResult>([&](auto done) { store.append(all, std::move(done)); }).ok());
    }
    const auto moved =
        wait_for<std::size_t>([&](auto done) { made->move(begin_of_march(), std::move(done)); });
    REQUIRE(moved.ok());
    CHECK(*moved == (first_time ? 40 : 0));
    CHECK_FALSE(folder.files().empty());
    const auto page = wait_for<StoredPage>([&](auto done) {
      store.read(conformance::page_of("room", 0, Direction::kUp), std::move(done));
    });
    REQUIRE(page.ok());
    CHECK(conformance::same_messages(page->messages, all));
    REQUIRE(wait_for_status([&](auto done) { store.close(std::move(done)); }).ok());
  }
}
#endif

}  // namespace
}  // namespace madang
