// SPDX-License-Identifier: Apache-2.0
#include "storage/archive/archive_under_test.h"
#include "storage/sqlite/sqlite_under_test.h"

namespace madang {
namespace {

TEST_CASE("archive: over SQLite it keeps every promise of a message store") {
  check_archive_over([] { return std::make_unique<SqliteUnderTest>(true); });
}

}  // namespace
}  // namespace madang
