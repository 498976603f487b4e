// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <utility>

#include "madang/storage/postgres/postgres_store.h"
#include "madang/testing/message_store_conformance.h"
#include "storage/calls.h"
#include "storage/postgres/server.h"

namespace madang::testing {

// One server for all tests, each of which takes a schema of its own; null where none is installed,
// which is said so that ctest calls the test skipped.
inline PostgresServer* shared_server() {
  static const std::unique_ptr<PostgresServer> server = [] {
    if (PostgresServer::installed()) return PostgresServer::make("primary");
    MESSAGE("PostgreSQL is not installed, so nothing is tested");
    return std::unique_ptr<PostgresServer>();
  }();
  return server.get();
}

inline PostgresServer* shared_replica() {
  static const std::unique_ptr<PostgresServer> server =
      PostgresServer::make_replica("replica", *shared_server());
  return server.get();
}

inline std::string new_schema() {
  static int count = 0;
  return "madang_" + std::to_string(++count);
}

// Time-outs that a test can wait for, on a machine that does other things as well.
inline PostgresOptions test_options(const std::string& schema = new_schema()) {
  PostgresOptions options;
  options.primary = shared_server()->conninfo();
  options.schema = schema;
  options.reconnect_min = std::chrono::milliseconds(20);
  options.reconnect_max = std::chrono::milliseconds(500);
  return options;
}

// The table of a schema, for a look past the store.
inline std::string table(const PostgresOptions& options, const std::string& name) {
  return options.schema + "." + name;
}

}  // namespace madang::testing
