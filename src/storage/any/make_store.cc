// SPDX-License-Identifier: Apache-2.0
#include "madang/storage/any/make_store.h"

#include <fmt/format.h>

#include <string_view>
#include <utility>

#include "madang/storage/memory/memory_store.h"
#ifdef MADANG_WITH_SQLITE
#include "madang/storage/sqlite/sqlite_store.h"
#endif
#ifdef MADANG_WITH_POSTGRES
#include "madang/storage/postgres/postgres_store.h"
#endif

namespace madang {
namespace {

constexpr std::string_view kNames =
    "memory"
#ifdef MADANG_WITH_SQLITE
    ", sqlite:PATH"
#endif
#ifdef MADANG_WITH_POSTGRES
    ", postgres://..."
#endif
    ;

}  // namespace

absl::StatusOr<std::unique_ptr<MessageStore>> make_store(const std::string& name,
                                                         [[maybe_unused]] bool search) {
  if (name == "memory") return std::make_unique<MemoryStore>();
#ifdef MADANG_WITH_SQLITE
  constexpr std::string_view kSqlite = "sqlite:";
  if (name.starts_with(kSqlite)) {
    SqliteOptions options;
    options.path = name.substr(kSqlite.size());
    options.search = search;
    return make_sqlite_store(std::move(options));
  }
#endif
#ifdef MADANG_WITH_POSTGRES
  if (name.starts_with("postgres://") || name.starts_with("postgresql://")) {
    PostgresOptions options;
    options.primary = name;
    options.search = search;
    return make_postgres_store(std::move(options));
  }
#endif
  return absl::InvalidArgumentError(
      fmt::format("there is no store '{}'; there are {}", name, kNames));
}

}  // namespace madang
