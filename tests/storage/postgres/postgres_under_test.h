// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "storage/postgres/fixture.h"

namespace madang::testing {

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

}  // namespace madang::testing
