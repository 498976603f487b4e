// SPDX-License-Identifier: Apache-2.0
#include "madang/storage/memory/memory_store.h"

#include <doctest/doctest.h>

#include <memory>
#include <string>

#include "madang/testing/message_store_conformance.h"
#include "storage/memory_store_under_test.h"

namespace madang {
namespace {

using conformance::messages;

template <typename Result, typename Call>
typename Awaited<Result>::Answer answer(const Call& call) {
  Awaited<Result> awaited;
  call(awaited.callback());
  return awaited.wait(std::chrono::milliseconds(0));  // it comes before the call returns
}

absl::StatusOr<AppendResult> append(MessageStore& store, MessageBatch batch) {
  return answer<AppendResult>([&](auto done) { store.append(std::move(batch), std::move(done)); });
}

TEST_CASE("memory store: keeps every promise of a message store") {
  for (const auto& broken :
       check_message_store([] { return std::make_unique<MemoryStoreUnderTest>(); })) {
    FAIL_CHECK(broken);
  }
}

TEST_CASE("memory store: keeps its promises when nothing outlives it") {
  for (const auto& broken :
       check_message_store([] { return std::make_unique<ForgetfulStoreUnderTest>(); })) {
    FAIL_CHECK(broken);
  }
}

TEST_CASE("memory store: is full at its bytes, stores nothing then, and room is made by removing") {
  const std::size_t one = messages("room", 1, 1)[0].bytes();
  const auto data = std::make_shared<MemoryStoreData>(MemoryStoreOptions{.bytes_max = 5 * one});
  MemoryStore store(data);
  REQUIRE(answer<OpenResult>([&](auto done) { store.open(std::move(done)); }).ok());
  REQUIRE(append(store, messages("room", 1, 3)).ok());
  CHECK(absl::IsResourceExhausted(append(store, messages("room", 4, 6)).status()));
  CHECK(data->bytes() == 3 * one);
  CHECK(append(store, messages("room", 1, 5)).ok());  // what is there already costs nothing
  CHECK(data->bytes() == 5 * one);
  CHECK(append(store, messages("room", 1, 5)).ok());
  CHECK(answer<void>([&](auto done) { store.remove("room", 4, std::move(done)); }).ok());
  CHECK(data->bytes() == one);
  CHECK(append(store, messages("room", 6, 9)).ok());
}

TEST_CASE("memory store: a message without a place is refused by its index") {
  MemoryStore store;
  REQUIRE(answer<OpenResult>([&](auto done) { store.open(std::move(done)); }).ok());
  for (const auto& bad : {conformance::message("", 1), conformance::message("room", 0),
                          conformance::message("room", conformance::kOffsetMax + 1),
                          conformance::message(std::string(256, 'r'), 1)}) {
    const auto result = append(store, {conformance::message("room", 1), bad});
    REQUIRE(result.ok());
    REQUIRE(result->refused.size() == 1);
    CHECK(result->refused[0].index == 1);
    CHECK(absl::IsInvalidArgument(result->refused[0].status));
  }
  CHECK(append(store, messages("room", 1, 1)).ok());
}

TEST_CASE("memory store: two messages in one place of a batch are one, or a conflict") {
  MemoryStore store;
  REQUIRE(answer<OpenResult>([&](auto done) { store.open(std::move(done)); }).ok());
  const auto one = conformance::message("room", 1);
  const auto conflict = append(store, {one, conformance::message("room", 1, "other")});
  REQUIRE(conflict.ok());
  REQUIRE(conflict->refused.size() == 1);
  CHECK(conflict->refused[0].index == 1);
  const auto twice = append(store, {one, one});
  REQUIRE(twice.ok());
  CHECK(twice->refused.empty());
}

TEST_CASE("memory store: a lineage is named by its data and by how often that went back") {
  const auto data = std::make_shared<MemoryStoreData>(MemoryStoreOptions{.name = "left"});
  const auto lineage = [&] {
    MemoryStore store(data);
    return answer<OpenResult>([&](auto done) { store.open(std::move(done)); })->lineage;
  };
  CHECK(lineage() == "left-1");
  CHECK(lineage() == "left-1");
  data->become_another_lineage();
  CHECK(lineage() == "left-2");
  CHECK(lineage() == "left-2");
}

}  // namespace
}  // namespace madang
