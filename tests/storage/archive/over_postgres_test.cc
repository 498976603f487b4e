// SPDX-License-Identifier: Apache-2.0
#include "storage/archive/archive_under_test.h"
#include "storage/postgres/postgres_under_test.h"

namespace madang {
namespace {

TEST_CASE("archive: over PostgreSQL it keeps every promise of a message store") {
  if (testing::shared_server() == nullptr) return;
  check_archive_over([] { return std::make_unique<testing::PostgresUnderTest>(true); });
}

}  // namespace
}  // namespace madang
