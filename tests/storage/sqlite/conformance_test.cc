// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/sqlite_under_test.h"

namespace madang {
namespace {

TEST_CASE("sqlite: keeps every promise of a message store") {
  for (const auto& broken :
       check_message_store([] { return std::make_unique<SqliteUnderTest>(true); })) {
    FAIL_CHECK(broken);
  }
}

TEST_CASE("sqlite: keeps them without an index of words too") {
  for (const auto& broken :
       check_message_store([] { return std::make_unique<SqliteUnderTest>(false); })) {
    FAIL_CHECK(broken);
  }
}

}  // namespace
}  // namespace madang
