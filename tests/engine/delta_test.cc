// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "engine/delta_client.h"
#include "engine/fixture.h"

using namespace madang;
using namespace madang::testing;

namespace {

// Long enough for a patch to be smaller.
std::string text(int i) {
  return R"({"what":"a row that says the same each time, nearly","n":)" + std::to_string(i) + "}";
}

std::vector<std::string> texts(int from, int to) {
  std::vector<std::string> all;
  for (int i = from; i <= to; ++i)
    all.push_back(text(i));
  return all;
}

RoomOptions delta_room(std::size_t history = 0) {
  RoomOptions options = with_history(history);
  options.delta = true;
  return options;
}

void publish(World& world, int from, int to, PublishOptions options = {}) {
  for (int i = from; i <= to; ++i) {
    REQUIRE(world.publish("room", text(i), options).ok());
    world.run();
  }
}

}  // namespace

TEST_CASE("delta: the first message is whole, the others are patches") {
  World world;
  world.rooms = delta_room();
  DeltaClient ann(world, "ann");
  CHECK(ann.join());
  publish(world, 1, 20);
  CHECK(ann.read() == texts(1, 20));
  CHECK(ann.whole == 1);
  CHECK(ann.patches == 19);
  CHECK(world.imbalance() == 0);
}

TEST_CASE("delta: messages of one turn form a chain") {
  World world;
  world.rooms = delta_room();
  DeltaClient ann(world, "ann");
  ann.join();
  for (int i = 1; i <= 20; ++i)
    REQUIRE(world.publish("room", text(i)).ok());
  world.run();
  CHECK(ann.read() == texts(1, 20));
  CHECK(ann.whole == 1);
}

TEST_CASE("delta: only in rooms that offer it, and only for those that ask") {
  World world;
  DeltaClient ann(world, "ann");
  CHECK_FALSE(ann.join());
  publish(world, 1, 3);
  CHECK(ann.read() == texts(1, 3));

  World offers;
  offers.rooms = delta_room();
  DeltaClient bob(offers, "bob");
  DeltaClient eve(offers, "eve");
  CHECK_FALSE(bob.join({.asks = false}));
  eve.join();
  publish(offers, 1, 3);
  CHECK(bob.read() == texts(1, 3));
  CHECK(bob.patches == 0);
  CHECK(eve.read() == texts(1, 3));
  CHECK(eve.patches == 2);
}

TEST_CASE("delta: a protocol without deltas joins a room that offers them and gets all whole") {
  World world;
  world.rooms = delta_room();
  const Client client = world.open();
  REQUIRE(client.connect("ann").ok());
  JoinCommand command;
  command.request.room = "room";
  command.request.delta = true;
  bool agreed = true;
  client.session().join_command(std::move(command), [&](absl::StatusOr<JoinResult> joined) {
    REQUIRE(joined.ok());
    agreed = joined->delta;
  });
  CHECK_FALSE(agreed);
  world.run();
  publish(world, 1, 2);
  CHECK(client.read() == std::vector<std::string>{"room 0 " + text(1), "room 0 " + text(2)});
}

TEST_CASE("delta: who joins later starts with a whole message, the others go on with patches") {
  World world;
  world.rooms = delta_room();
  DeltaClient ann(world, "ann");
  ann.join();
  publish(world, 1, 5);
  DeltaClient bob(world, "bob");
  bob.join();
  publish(world, 6, 9);
  CHECK(ann.read() == texts(1, 9));
  CHECK(ann.whole == 1);
  CHECK(bob.read() == texts(6, 9));
  CHECK(bob.whole == 1);
  CHECK(world.imbalance() == 0);
}

TEST_CASE("delta: after a message that excludes a member it gets the next one whole") {
  World world;
  world.rooms = delta_room();
  DeltaClient ann(world, "ann");
  DeltaClient bob(world, "bob");
  ann.join();
  bob.join();
  publish(world, 1, 2);
  PublishOptions exclude;
  exclude.exclude = ann.session().client();
  // In one turn and in turns of their own.
  for (int i = 3; i <= 6; ++i)
    REQUIRE(world.publish("room", text(i), i == 4 ? exclude : PublishOptions()).ok());
  world.run();
  publish(world, 7, 7, exclude);
  publish(world, 8, 9);
  std::vector<std::string> without = texts(1, 9);
  without.erase(without.begin() + 6);
  without.erase(without.begin() + 3);
  CHECK(ann.read() == without);
  CHECK(ann.whole == 3);
  CHECK(bob.read() == texts(1, 9));
  CHECK(bob.whole == 1);
  CHECK(world.imbalance() == 0);
}

TEST_CASE("delta: recovered messages begin whole and go on as patches into the live ones") {
  World world;
  world.rooms = delta_room(100);
  DeltaClient ann(world, "ann");
  ann.join();
  publish(world, 1, 3);
  REQUIRE(ann.read() == texts(1, 3));
  ann.leave();
  publish(world, 4, 8);
  ann.whole = ann.patches = 0;
  ann.join({.offset = 3});
  publish(world, 9, 10);
  CHECK(ann.read() == texts(4, 10));
  CHECK(ann.whole == 1);
  CHECK(ann.patches == 6);
}

TEST_CASE("delta: a recovery with nothing missed is followed by a whole message") {
  World world;
  world.rooms = delta_room(100);
  DeltaClient ann(world, "ann");
  ann.join();
  publish(world, 1, 3);
  REQUIRE(ann.read() == texts(1, 3));
  ann.leave();
  ann.whole = ann.patches = 0;
  ann.join({.offset = 3});
  publish(world, 4, 5);
  CHECK(ann.read() == texts(4, 5));
  CHECK(ann.whole == 1);
}

TEST_CASE("delta: a recovery of many pages is one chain") {
  World world;
  world.options.limits.page_messages_max = 4;
  world.rooms = delta_room(100);
  publish(world, 1, 30);
  DeltaClient ann(world, "ann");
  ann.join({.offset = 1});
  world.run();
  publish(world, 31, 32);
  CHECK(ann.read() == texts(2, 32));
  CHECK(ann.whole == 1);
  CHECK(world.imbalance() == 0);
}

TEST_CASE("delta: over messages that are not kept, a recovering member gets whole ones") {
  World world;
  world.options.limits.page_messages_max = 2;
  world.rooms = delta_room(100);
  world.rooms.tail_events_max = 4;
  PublishOptions passing;
  passing.keep = false;
  std::vector<std::string> kept;
  for (int i = 1; i <= 20; ++i) {
    publish(world, i, i, i % 3 == 0 ? passing : PublishOptions());
    if (i % 3 != 0) kept.push_back(text(i));
  }
  DeltaClient ann(world, "ann");
  ann.join({.offset = 0});
  world.run();
  CHECK(ann.read() == kept);
  CHECK(ann.whole == 7);
  CHECK(ann.patches == 7);
  publish(world, 21, 22);
  CHECK(ann.read() == texts(21, 22));
  CHECK(ann.whole == 7);
  CHECK(world.imbalance() == 0);
}

TEST_CASE("delta: in cache mode the latest message comes whole, and live ones follow it") {
  World world;
  world.rooms = delta_room(100);
  world.rooms.recovery = RecoveryMode::kCache;
  publish(world, 1, 5);
  DeltaClient ann(world, "ann");
  ann.join({.offset = 1});
  publish(world, 6, 6);
  CHECK(ann.read() == texts(5, 6));
  CHECK(ann.whole == 1);

  // A message that is not kept comes between the latest one that is and the next.
  PublishOptions passing;
  passing.keep = false;
  publish(world, 7, 7, passing);
  DeltaClient bob(world, "bob");
  bob.join({.offset = 1});
  publish(world, 8, 8);
  CHECK(bob.read() == std::vector<std::string>{text(6), text(8)});
  CHECK(bob.whole == 2);
}

TEST_CASE("delta: a member that lost messages is not given a patch of one of them") {
  for (const SlowConsumer policy : {SlowConsumer::kDropOldest, SlowConsumer::kKeepLatest}) {
    World world;
    world.options.limits.outbox_bytes_max = 2048;
    world.options.limits.outbox_events_bytes_max = 512;
    world.rooms = delta_room();
    world.rooms.slow_consumer = policy;
    world.rooms.tail_events_max = 8;
    DeltaClient slow(world, "slow", 64);
    slow.join();
    publish(world, 1, 100);
    std::vector<std::string> all;
    for (int i = 0; i < 500; ++i) {
      for (auto& one : slow.read(100))
        all.push_back(std::move(one));
      world.run();
    }
    publish(world, 101, 101);
    for (auto& one : slow.read())
      all.push_back(std::move(one));
    CHECK(all.size() < 90);
    CHECK(slow.whole >= 2);
    CHECK(all.back() == text(101));
    for (const auto& one : all)
      CHECK(one.starts_with(R"({"what":"a row)"));
    CHECK(world.imbalance() == 0);
  }
}

TEST_CASE("delta: announcements between messages are not part of the chain") {
  World world;
  world.rooms = delta_room();
  world.rooms.announce = Announce::kBySession;
  world.rooms.announce_to_all = true;
  DeltaClient ann(world, "ann");
  ann.join();
  world.pass(std::chrono::seconds(2));
  for (int i = 1; i <= 5; ++i) {
    const Client other = world.enter("u", "room");
    world.pass(std::chrono::seconds(2));
    publish(world, i, i);
  }
  CHECK(ann.read() == texts(1, 5));
  CHECK(ann.whole == 1);
}

TEST_CASE("delta: members of one format share what was made once") {
  World world;
  world.rooms = delta_room();
  std::vector<std::unique_ptr<DeltaClient>> clients;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(std::make_unique<DeltaClient>(world, "u"));
    clients.back()->join();
  }
  publish(world, 1, 1);  // whole, for all of them
  const std::size_t& encoded = DeltaWordSession::deltas.encoded;
  const std::size_t before = encoded;
  publish(world, 2, 2);
  CHECK(encoded == before + 1);
  DeltaClient late(world, "late");
  late.join();
  publish(world, 3, 3);
  CHECK(encoded == before + 3);
  publish(world, 4, 4);
  CHECK(encoded == before + 4);
}
