// SPDX-License-Identifier: Apache-2.0
#include "madang/storage/any/make_store.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string_view>
#include <utility>

#include "madang/storage/journaled_store.h"
#include "madang/storage/memory/memory_store.h"
#include "madang/storage/set_aside_file.h"
#ifdef MADANG_WITH_ARCHIVE
#include "madang/storage/archive/archive_store.h"
#endif
#ifdef MADANG_WITH_SQLITE
#include "madang/storage/sqlite/sqlite_store.h"
#endif
#ifdef MADANG_WITH_POSTGRES
#include "madang/storage/postgres/postgres_store.h"
#endif

namespace madang {
namespace {

constexpr std::string_view kMemory = "memory";
[[maybe_unused]] constexpr Duration kJournalLease = std::chrono::minutes(10);
constexpr std::string_view kNames =
    "memory"
#ifdef MADANG_WITH_SQLITE
    ", sqlite:PATH"
#endif
#ifdef MADANG_WITH_POSTGRES
    ", postgres://..."
#endif
    ;

bool is_postgres(const std::string& name) {
  return name.starts_with("postgres://") || name.starts_with("postgresql://");
}

// The same on this machine with this journal, and nowhere else.
std::string writer_name(const std::string& journal) {
  std::array<char, 256> host{};
  gethostname(host.data(), host.size() - 1);
  std::error_code ignored;
  return fmt::format("{}:{}", host.data(), std::filesystem::absolute(journal, ignored).string());
}

// The store alone.
absl::StatusOr<std::unique_ptr<MessageStore>> make_named(const StoreChoice& choice) {
  const std::string& name = choice.name;
  if (name == kMemory) return std::make_unique<MemoryStore>();
#ifdef MADANG_WITH_SQLITE
  constexpr std::string_view kSqlite = "sqlite:";
  if (name.starts_with(kSqlite)) {
    SqliteOptions options;
    options.path = name.substr(kSqlite.size());
    options.search = choice.search;
    return make_sqlite_store(std::move(options));
  }
#endif
#ifdef MADANG_WITH_POSTGRES
  if (is_postgres(name)) {
    PostgresOptions options;
    options.primary = name;
    options.search = choice.search;
    if (!choice.journal.empty()) {
      options.writer_lease = kJournalLease;
      options.writer_name = writer_name(choice.journal);
    }
    return make_postgres_store(std::move(options));
  }
#endif
  return absl::InvalidArgumentError(
      fmt::format("there is no store '{}'; there are {}", name, kNames));
}

absl::StatusOr<std::unique_ptr<MessageStore>> with_journal(
    [[maybe_unused]] std::unique_ptr<MessageStore> store,
    [[maybe_unused]] const std::string& journal) {
#ifdef MADANG_WITH_SQLITE
  const auto refused =
      std::make_shared<SetAsideFile>(SetAsideOptions{.path = journal + ".refused"});
  JournalOptions options;
  options.set_aside = [refused](const StoredMessage& message, const absl::Status& why) {
    refused->add(message, why);
    refused->flush();  // the journal lets go of it next
  };
  return std::make_unique<JournaledStore>(
      std::move(store), make_sqlite_store({.path = journal, .readers = 1}), std::move(options));
#else
  return absl::UnimplementedError("there is no journal: madang was built without SQLite");
#endif
}

absl::StatusOr<MadeStore> with_archive([[maybe_unused]] MadeStore made,
                                       [[maybe_unused]] const std::string& folder) {
#ifdef MADANG_WITH_ARCHIVE
  auto archive = std::make_unique<ArchiveStore>(std::move(made.store), folder);
  made.move = [archive = archive.get()](WallTime before, Callback<std::size_t> done) {
    auto exported = [done = std::move(done)](absl::StatusOr<ArchiveProgress> progress) mutable {
      if (!progress.ok()) return done(progress.status());
      done(progress->messages);
    };
    archive->export_before(before, nullptr, std::move(exported));
  };
  made.store = std::move(archive);
  return made;
#else
  return absl::UnimplementedError("there is no archive: madang was built without libzstd");
#endif
}

}  // namespace

absl::StatusOr<MadeStore> make_store(const StoreChoice& choice) {
  auto store = make_named(choice);
  if (store.ok() && !choice.journal.empty()) {
    if (!is_postgres(choice.name)) {
      return absl::InvalidArgumentError("a journal is for a store far away, as postgres://... is");
    }
    store = with_journal(*std::move(store), choice.journal);
  }
  if (!store.ok()) return store.status();
  MadeStore made{.store = *std::move(store)};
  if (choice.archive_folder.empty()) return made;
  if (choice.name == kMemory) {
    // The rooms would begin anew, and the files would hold other messages at their offsets.
    return absl::InvalidArgumentError("an archive would outlast the store in memory behind it");
  }
  return with_archive(std::move(made), choice.archive_folder);
}

}  // namespace madang
