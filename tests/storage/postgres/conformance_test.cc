// SPDX-License-Identifier: Apache-2.0
#include "storage/postgres/postgres_under_test.h"

using namespace madang;
using namespace madang::testing;

namespace {

void check(bool search) {
  if (shared_server() == nullptr) return;
  for (const std::string& broken :
       check_message_store([search] { return std::make_unique<PostgresUnderTest>(search); })) {
    FAIL_CHECK(broken);
  }
}

}  // namespace

TEST_CASE("postgres store: keeps every promise of a message store, with search") { check(true); }
TEST_CASE("postgres store: keeps every promise of a message store, without search") {
  check(false);
}
