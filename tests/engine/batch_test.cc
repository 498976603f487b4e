// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <vector>

#include "engine/fixture.h"

using namespace madang;
using namespace madang::testing;

using std::chrono::milliseconds;

namespace {

using Words = std::vector<std::string>;

RoomOptions batching(std::size_t history = 0, std::size_t messages_max = 64) {
  RoomOptions options = with_history(history);
  options.batch = {.delay = milliseconds(100), .messages_max = messages_max};
  return options;
}

void publish(World& world, int from, int to) {
  for (int i = from; i <= to; ++i) {
    REQUIRE(world.publish("room", std::to_string(i)).ok());
    world.run();
  }
}

Words words(int from, int to, bool kept = false) {
  Words all;
  for (int i = from; i <= to; ++i) {
    const auto text = std::to_string(i);
    all.push_back("room " + (kept ? text : "0") + " " + text);
  }
  return all;
}

}  // namespace

TEST_CASE("batch: a message after a quiet time goes out at once, the next ones in one write") {
  World world(2);
  world.rooms = batching();
  const Client ann = world.enter("ann", "room", 0);
  const Client bob = world.enter("bob", "room", 1);
  for (const int first : {1, 11}) {
    publish(world, first, first);
    CHECK(ann.read() == words(first, first));
    const auto writes = ann.transport->writes();
    world.pass(milliseconds(10));
    publish(world, first + 1, first + 9);
    world.pass(milliseconds(89));
    CHECK(ann.read().empty());
    CHECK(world.engine().counters_now().waiting == 18);
    CHECK(world.imbalance() == 0);
    world.pass(milliseconds(1));
    CHECK(ann.read() == words(first + 1, first + 9));
    CHECK(ann.transport->writes() == writes + 1);
    CHECK(bob.read() == words(first, first + 9));
    world.pass(milliseconds(100));
  }
  CHECK(world.imbalance() == 0);
}

TEST_CASE(
    "batch: a connection writes at once after a quiet time, and then what gathered together") {
  World world;
  world.options.handlers.connect = [](Session&, const ConnectRequest& request,
                                      Reply<ConnectAnswer> reply) {
    ConnectAnswer answer{.user = request.token};
    if (request.token == "ann") answer.batch = {.delay = milliseconds(100), .messages_max = 20};
    reply.accept(std::move(answer));
  };
  const Client ann = world.enter("ann", "room");
  const Client bob = world.enter("bob", "room");
  world.pass(milliseconds(100));
  publish(world, 1, 1);
  CHECK(ann.read() == words(1, 1));
  const auto writes = ann.transport->writes();
  publish(world, 2, 5);
  CHECK(bob.read() == words(1, 5));
  CHECK(ann.read().empty());
  CHECK(world.engine().counters_now().waiting == 4);
  world.pass(milliseconds(100));
  CHECK(ann.read() == words(2, 5));
  CHECK(ann.transport->writes() == writes + 1);
  publish(world, 6, 25);
  CHECK(ann.read() == words(6, 25));
  CHECK(ann.transport->writes() == writes + 2);
  publish(world, 26, 27);
  ann.session().close(kForceReconnect);
  world.run();
  CHECK(ann.read() == words(26, 27));
  CHECK(world.imbalance() == 0);
}

TEST_CASE("batch: a connection that gathers is pinged in time") {
  World world;
  world.options.handlers.connect = [](Session&, const ConnectRequest&, Reply<ConnectAnswer> reply) {
    reply.accept({.batch = {.delay = std::chrono::hours(1)}});
  };
  const Client ann = world.enter("ann", "room");
  publish(world, 1, 1);
  ann.read();
  publish(world, 2, 3);
  world.pass(world.engine().limits().ping_interval);
  const Words read = ann.read();
  CHECK(read == Words{"room 0 2", "room 0 3", "ping"});
}

TEST_CASE("batch: under load there is one write in each delay, and nothing waits longer") {
  World world;
  world.rooms = batching(0, 1'000);
  const Client ann = world.enter("ann", "room");
  const auto writes = ann.transport->writes();
  for (int i = 1; i <= 100; ++i) {
    publish(world, i, i);
    world.pass(milliseconds(10));
  }
  CHECK(ann.transport->writes() - writes <= 11);
  world.pass(milliseconds(100));
  CHECK(ann.read() == words(1, 100));
}

TEST_CASE("batch: so many messages go out without waiting longer") {
  World world;
  world.rooms = batching(0, 5);
  const Client ann = world.enter("ann", "room");
  publish(world, 1, 1);
  CHECK(ann.read().size() == 1);
  publish(world, 2, 5);
  CHECK(ann.read().empty());
  publish(world, 6, 6);
  CHECK(ann.read() == words(2, 6));
  // Also where they came before the lane had looked.
  for (int i = 7; i <= 12; ++i)
    REQUIRE(world.publish("room", std::to_string(i)).ok());
  world.run();
  CHECK(ann.read() == words(7, 12));
  world.pass(milliseconds(200));
  CHECK(ann.read().empty());
}

TEST_CASE("batch: what waits does not fill the tail, in number or in bytes") {
  World world;
  world.rooms = batching(0, 1'000'000);
  world.rooms.batch.delay = std::chrono::seconds(5);
  SUBCASE("number") { world.rooms.tail_events_max = 10; }
  SUBCASE("bytes") { world.rooms.tail_bytes_max = 4'096; }
  const Client ann = world.enter("ann", "room");
  publish(world, 1, 200);
  const auto got = ann.read().size();
  CHECK(got > 150);
  CHECK(got < 200);
  CHECK(ann.transport->writes() < 100);
  world.pass(std::chrono::seconds(5));
  CHECK(ann.read().size() == 200 - got);
}

TEST_CASE("batch: who joins meanwhile gets what comes after, and who recovers misses nothing") {
  World world;
  world.rooms = batching(100);
  const Client ann = world.enter("ann", "room");
  publish(world, 1, 5);
  const Client bob = world.enter("bob", "room");
  const Client eve = world.enter("eve");
  const auto recovered = eve.join("room", StreamPosition{2, ""});
  world.run();
  REQUIRE(recovered->ok());
  CHECK((*recovered)->messages.size() == 3);
  publish(world, 6, 7);
  world.pass(milliseconds(100));
  CHECK(ann.read() == words(1, 7, true));
  CHECK(bob.read() == words(6, 7, true));
  CHECK(eve.read() == words(6, 7, true));
  CHECK(world.imbalance() == 0);
}

TEST_CASE("batch: who leaves or goes meanwhile is not held back, and the account balances") {
  World world;
  world.rooms = batching();
  const Client ann = world.enter("ann", "room");
  const Client bob = world.enter("bob", "room");
  const Client eve = world.enter("eve", "room");
  publish(world, 1, 3);
  CHECK(ann.leave("room")->ok());
  bob.session().close(kClosed);
  world.run();
  CHECK(bob.transport->ended());
  CHECK(world.imbalance() == 0);
  // Again under a new record, while the timer of the old one is still set.
  eve.leave("room");
  ann.join("room");
  world.run();
  publish(world, 4, 6);
  world.pass(milliseconds(100));
  CHECK(ann.read() == Words{"room 0 1", "room 0 4", "room 0 5", "room 0 6"});
  CHECK(eve.read() == words(1, 1));
  CHECK(world.imbalance() == 0);
}

TEST_CASE("batch: a drain does not wait for it, and nothing runs after") {
  World world;
  world.rooms = batching();
  world.rooms.batch.delay = std::chrono::hours(1);
  const Client ann = world.enter("ann", "room");
  publish(world, 1, 3);
  bool drained = false;
  world.engine().drain({}, [&] { drained = true; });
  world.pass(std::chrono::seconds(10));
  CHECK(drained);
  CHECK(ann.transport->ended());
  world.pass(std::chrono::hours(2));
  CHECK(world.imbalance() == 0);
}

TEST_CASE("batch: joins and leaves that are announced wait no longer than the messages") {
  World world;
  world.rooms = batching();
  world.rooms.announce = Announce::kBySession;
  world.rooms.announce_to_all = true;
  const Client ann = world.enter("ann", "room");
  world.pass(std::chrono::seconds(3));
  ann.read();
  publish(world, 1, 1);
  CHECK(ann.read().size() == 1);
  const Client bob = world.enter("bob", "room");
  const auto tick = world.engine().limits().announce_tick;
  world.pass(tick + milliseconds(140));
  CHECK(ann.read() == Words{"+room bob"});
}

TEST_CASE("batch: who reads slowly misses nothing") {
  World world;
  world.options.limits.outbox_bytes_max = 2'048;
  world.options.limits.outbox_events_bytes_max = 512;
  world.rooms = batching(1'000, 8);
  const Client slow = world.enter("slow", "room", 0, 64);
  const Client fast = world.enter("fast", "room");
  Words got;
  const auto read_some = [&] {
    for (auto& word : slow.transport->read(60))
      got.push_back(std::move(word));
  };
  for (int i = 1; i <= 300; ++i) {
    publish(world, i, i);
    world.pass(milliseconds(i % 3 * 9));
    if (i % 2 == 0) read_some();
  }
  world.pass(milliseconds(100));
  for (int i = 0; i < 500; ++i) {
    read_some();
    world.run();
  }
  CHECK(fast.read() == words(1, 300, true));
  CHECK(got == words(1, 300, true));
  CHECK(world.imbalance() == 0);
}
