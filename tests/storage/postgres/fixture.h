// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <utility>

#include "madang/storage/postgres/postgres_store.h"
#include "madang/testing/message_store_conformance.h"
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

template <typename Result, typename Call>
typename Awaited<Result>::Answer answer(const Call& call) {
  Awaited<Result> awaited;
  call(awaited.callback());
  return awaited.wait(std::chrono::seconds(60));
}

inline absl::StatusOr<OpenResult> open(MessageStore& store) {
  return answer<OpenResult>([&](auto done) { store.open(std::move(done)); });
}
inline absl::StatusOr<AppendResult> append(MessageStore& store, MessageBatch batch) {
  return answer<AppendResult>([&](auto done) { store.append(std::move(batch), std::move(done)); });
}
inline absl::StatusOr<StoredRoom> load(MessageStore& store, const std::string& room) {
  return answer<StoredRoom>(
      [&](auto done) { store.load(conformance::all_of(room), std::move(done)); });
}
inline absl::StatusOr<StoredPage> read(MessageStore& store, PageRequest request) {
  return answer<StoredPage>([&](auto done) { store.read(std::move(request), std::move(done)); });
}
inline absl::Status close(MessageStore& store) {
  return answer<void>([&](auto done) { store.close(std::move(done)); });
}

// The same batch until there is a clear answer, as the engine does.
inline absl::StatusOr<AppendResult> append_until_clear(MessageStore& store,
                                                       const MessageBatch& batch) {
  absl::StatusOr<AppendResult> result = absl::UnavailableError("not asked");
  eventually([&] {
    result = append(store, batch);
    return !absl::IsUnavailable(result.status());
  });
  return result;
}

// Whether the room holds the messages 1 to `top` of conformance::messages(), each once.
inline bool holds_exactly(MessageStore& store, const std::string& room, std::uint64_t top) {
  const auto page = read(store, conformance::page_of(room, 0, Direction::kUp));
  return page.ok() &&
         conformance::same_messages(page->messages, conformance::messages(room, 1, top));
}

// The table of a schema, for a look past the store.
inline std::string table(const PostgresOptions& options, const std::string& name) {
  return options.schema + "." + name;
}

}  // namespace madang::testing
