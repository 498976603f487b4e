// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "storage/postgres/fixture.h"

using namespace madang;
using namespace madang::testing;

namespace {

class PostgresUnderTest : public StoreUnderTest {
 public:
  explicit PostgresUnderTest(bool search) : options_(test_options()) { options_.search = search; }
  ~PostgresUnderTest() override {
    shared_server()->run("DROP SCHEMA IF EXISTS " + options_.schema + " CASCADE");
  }

  std::unique_ptr<MessageStore> make() override { return make_postgres_store(options_); }
  bool go_back_in_time() override {
    shared_server()->run("UPDATE " + table(options_, "meta") + " SET id = 'restored'");
    return true;
  }
  bool has_search() const override { return options_.search; }

 private:
  PostgresOptions options_;
};

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
