// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "absl/status/statusor.h"
#include "madang/storage/sqlite/sqlite_store.h"
#include "storage/sqlite/lock_file.h"
#include "storage/sqlite/state.h"

namespace madang::sqlite {

// Becomes the writer of the store at options.path: takes its lock, looks at it as far as that can
// be done in a bounded time, makes its tables, sees to it that all of its log is in the file, and
// counts the term. Answers the state that then stands in the file.
absl::StatusOr<State> open_file(const SqliteOptions& options, LockFile& lock);

// Fails `database`, unless all that its log holds is in the file and synced. After that, what could
// be read before may be relied upon, even if an earlier sync had failed.
void settle(Database& database);

}  // namespace madang::sqlite
