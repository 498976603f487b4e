// SPDX-License-Identifier: Apache-2.0
#include "store.h"

#include <fmt/format.h>

#include "madang/storage/memory/memory_store.h"
#ifdef CHAT_WITH_SQLITE
#include "madang/storage/sqlite/sqlite_store.h"
#endif
#ifdef CHAT_WITH_POSTGRES
#include "madang/storage/postgres/postgres_store.h"
#endif

namespace chat {

std::unique_ptr<madang::MessageStore> make_store(const std::string& name, std::string& error) {
  if (name == "memory") return std::make_unique<madang::MemoryStore>();
#ifdef CHAT_WITH_SQLITE
  if (name.starts_with("sqlite:")) {
    madang::SqliteOptions options;
    options.path = name.substr(7);
    options.search = true;
    return madang::make_sqlite_store(std::move(options));
  }
#endif
#ifdef CHAT_WITH_POSTGRES
  if (name.starts_with("postgres://") || name.starts_with("postgresql://")) {
    madang::PostgresOptions options;
    options.primary = name;
    options.search = true;
    return madang::make_postgres_store(std::move(options));
  }
#endif
  error = fmt::format(
      "there is no store '{}'; those of this build are memory"
#ifdef CHAT_WITH_SQLITE
      ", sqlite:PATH"
#endif
#ifdef CHAT_WITH_POSTGRES
      ", postgres://..."
#endif
      ,
      name);
  return nullptr;
}

}  // namespace chat
