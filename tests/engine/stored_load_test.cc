// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "engine/stored_world.h"

using namespace madang;
using namespace madang::testing;

namespace {

const auto kBehind = stored(Durability::kWriteBehind);

}  // namespace

TEST_CASE("load: what is wanted of a room waits for one load, and then takes effect in order") {
  const auto data = std::make_shared<MemoryStoreData>();
  {
    StoredWorld world(data, kBehind);
    world.send_numbers("room", 1, 3);
    CHECK(world.stop());
  }
  StoredWorld world(data, kBehind);
  world.engine();
  world.run();
  world.store.hold();
  std::vector<StoredWorld::Answer> answers;
  std::vector<Client> clients;
  std::vector<std::shared_ptr<absl::StatusOr<JoinResult>>> joins;
  for (int i = 4; i <= 8; ++i) {
    answers.push_back(world.send("room", std::to_string(i)));
    clients.push_back(world.enter("u" + std::to_string(i)));
    joins.push_back(clients.back().join("room", StreamPosition{3, ""}));
    clients.back().publish("room", std::to_string(100 + i));
    world.run();
  }
  CHECK(world.store.loads == 1);
  for (const auto& join : joins)
    CHECK(absl::IsUnknown(join->status()));
  world.store.release();
  world.run();
  CHECK(world.store.loads == 1);
  for (int i = 0; i < 5; ++i) {
    CHECK((*answers[i])->position.offset == static_cast<std::uint64_t>(4 + i));
    REQUIRE(joins[i]->ok());
    CHECK((*joins[i])->recovered);
  }
  // Each client's message came after its own join.
  const auto page = world.page("room", {.since = StreamPosition{3, ""}, .limit = 100});
  CHECK(page.size() == 10);
  for (const auto& client : clients)
    CHECK(client.read().size() >= 1);
  CHECK(world.imbalance() == 0);
}

TEST_CASE("load: one that fails is a temporary error, and never a new epoch") {
  const auto data = std::make_shared<MemoryStoreData>();
  StreamPosition seen;
  {
    StoredWorld world(data, kBehind);
    world.send_numbers("room", 1, 3);
    seen = world.position("room");
    CHECK(world.stop());
  }
  StoredWorld world(data, kBehind);
  const Client client = world.enter("u");
  world.store.fail_loads(1, absl::DataLossError("unreadable"));
  const auto join = client.join("room");
  world.run();
  CHECK(absl::IsUnavailable(join->status()));
  const auto again = client.join("room", StreamPosition{1, seen.epoch});
  world.run();
  REQUIRE(again->ok());
  CHECK((*again)->recovered);
  CHECK((*again)->position == seen);
}

TEST_CASE("load: a store that opens late is waited for; one that can not be used is an answer") {
  {
    StoredWorld world(std::make_shared<MemoryStoreData>(), kBehind);
    world.store.hold();
    const auto answer = world.send("room", "1");
    world.pass(std::chrono::seconds(1));
    CHECK(absl::IsUnknown(answer->status()));
    world.store.release();
    world.run();
    CHECK(answer->ok());
  }
  const auto data = std::make_shared<MemoryStoreData>();
  MemoryStore other(data);
  other.open([](const absl::StatusOr<OpenResult>& result) { CHECK(result.ok()); });
  StoredWorld world(data, kBehind);
  absl::Status opened;
  world.options.storage.opened = [&](absl::Status status) { opened = std::move(status); };
  const auto answer = world.send("room", "1");
  world.run();
  CHECK(absl::IsFailedPrecondition(opened));
  CHECK(absl::IsUnavailable(answer->status()));
}

TEST_CASE("load: so many may wait for a room and no more") {
  StoredWorld world(std::make_shared<MemoryStoreData>(), kBehind);
  world.options.limits.room_waiters_max = 3;
  world.store.hold();
  std::vector<StoredWorld::Answer> answers;
  for (int i = 0; i < 5; ++i)
    answers.push_back(world.send("room", "1"));
  CHECK(absl::IsResourceExhausted(answers[3]->status()));
  CHECK(absl::IsResourceExhausted(answers[4]->status()));
  world.store.release();
  world.run();
  for (int i = 0; i < 3; ++i)
    CHECK(answers[i]->ok());
}

TEST_CASE("load: a session that goes while its rooms are loaded leaves nothing behind") {
  StoredWorld world(std::make_shared<MemoryStoreData>(), kBehind);
  const Client goes = world.enter("u");
  const Client leaves = world.enter("v");
  world.store.hold();
  const auto joining = leaves.join("room");
  goes.join("room");
  goes.transport->hang_up();
  CHECK(leaves.session().leave("room").ok());
  world.run();
  CHECK(absl::IsPermissionDenied(joining->status()));
  world.store.release();
  world.run();
  const auto counters = world.engine().counters_now();
  CHECK(counters.subscriptions == 0);
  CHECK(counters.sessions == 1);
}

TEST_CASE("load: a connect that waits for rooms holds up nobody else") {
  StoredWorld world(std::make_shared<MemoryStoreData>(), kBehind);
  world.options.handlers.connect = [](Session&, const ConnectRequest& request,
                                      Reply<ConnectAnswer> reply) {
    ConnectAnswer answer;
    answer.user = request.token;
    if (request.token == "many") answer.rooms = {{"a", {}}, {"b", {}}, {"c", {}}};
    reply.accept(std::move(answer));
  };
  world.engine();
  world.run();
  world.store.hold();
  const Client many = world.open();
  CHECK(absl::IsUnknown(many.connect("many")));
  const Client other = world.open();
  CHECK(other.connect("other").ok());
  world.run();
  CHECK_FALSE(many.session().connected());
  world.store.release();
  world.run();
  CHECK(many.session().connected());
  CHECK(many.session().rooms().size() == 3);
}

TEST_CASE("load: a room that nobody uses leaves memory, unless something of it is not stored") {
  StoredWorld world(std::make_shared<MemoryStoreData>(), kBehind);
  world.rooms.history.age_max = std::chrono::seconds(1);
  world.rooms.idempotency_ttl = std::chrono::seconds(1);
  world.options.storage.write_behind.age_max = std::chrono::hours(1);
  world.send_numbers("stays", 1, 1);
  world.store.hold();
  world.send("goes", "1");
  world.send("stays", "2");
  world.run();
  world.pass(std::chrono::minutes(15));
  CHECK(world.engine().counters().rooms == 2);
  CHECK(world.position("stays").offset == 2);
  world.store.release();
  world.pass(std::chrono::minutes(15));
  CHECK(world.engine().storage_state().write_behind.records == 0);
  CHECK(world.engine().counters().rooms == 0);
  const auto loads = world.store.loads;
  CHECK(world.page("stays", {.since = {}, .limit = 10}) == numbers(1, 2));
  CHECK(world.store.loads == loads + 1);
}

TEST_CASE("rooms: one that is to be stored needs a store and a history") {
  World without;
  without.rooms = stored(Durability::kDurable);
  CHECK(absl::IsInternal(without.publish("room", "1").status()));
  StoredWorld world(std::make_shared<MemoryStoreData>(), stored(Durability::kDurable, 0));
  CHECK(absl::IsInternal(world.publish("room", "1").status()));
}
