// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "madang/storage/sqlite/sqlite_store.h"
#include "storage/sqlite/database.h"

namespace madang::sqlite {

// A message's row is found by its span, which names a room and the upper part of an offset, and by
// the lower part. So that a room's messages lie beside each other in one tree, by one number.
inline constexpr int kLowBits = 32;
inline constexpr std::uint64_t kLowMax = (std::uint64_t{1} << kLowBits) - 1;
inline constexpr std::int64_t kSpanMax = (std::int64_t{1} << 31) - 1;

inline std::int64_t row_of(std::int64_t span, std::uint64_t low) {
  return (span << kLowBits) | static_cast<std::int64_t>(low);
}

// What is in a file: nothing yet, the tables of an earlier library, or those of this one.
enum class Tables : unsigned char { kNone, kOld, kPresent };

// Opens the file for writing, and leaves it as it is if it is not for us: FailedPrecondition.
absl::StatusOr<Tables> open_schema(Database& database, const SqliteOptions& options);

// Makes all tables, within a transaction that must also write what they cannot be without.
void make_tables(Database& database);
// Makes what is there into what this library knows, within a transaction. An index of words that
// was kept otherwise goes, and the writer makes a new one.
void upgrade_tables(Database& database);

// Opens for writing once more what open_schema() opened before.
absl::Status open_again(Database& database, const SqliteOptions& options);

// A connection that reads beside the writer.
absl::Status open_for_reading(Database& database, const SqliteOptions& options);

}  // namespace madang::sqlite
