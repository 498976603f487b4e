// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "engine/fixture.h"

using namespace madang;
using namespace madang::testing;

namespace {

// Small bounds, so that a member falls behind after a few messages.
void shrink(World& world) {
  world.options.limits.outbox_bytes_max = 2048;
  world.options.limits.outbox_events_bytes_max = 1024;
  world.options.limits.page_bytes_max = 2048;
}

std::string text(int i) { return '"' + std::string(90, 'x') + std::to_string(i) + '"'; }

void publish_and_run(World& world, int from, int to) {
  for (int i = from; i <= to; ++i) {
    REQUIRE(world.publish("room", text(i)).ok());
    world.run();
  }
}

std::vector<std::string> expected(int from, int to) {
  std::vector<std::string> words;
  for (int i = from; i <= to; ++i)
    words.push_back("room " + std::to_string(i) + " " + text(i));
  return words;
}

// Reads slowly until nothing comes any more.
std::vector<std::string> read_all(World& world, const Client& client) {
  std::vector<std::string> all;
  for (int idle = 0; idle < 20;) {
    const auto words = client.transport->read(300);
    idle = words.empty() ? idle + 1 : 0;
    all.insert(all.end(), words.begin(), words.end());
    world.run();
  }
  return all;
}

}  // namespace

TEST_CASE("slow: a member that stops reading is behind, costs its outbox, and misses nothing") {
  World world;
  shrink(world);
  world.rooms = with_history(1000);
  world.rooms.tail_events_max = 16;
  const Client slow = world.enter("slow", "room", 0, 64);
  const Client fast = world.enter("fast", "room");
  publish_and_run(world, 1, 200);
  CHECK(fast.read() == expected(1, 200));
  CHECK(slow.transport->bytes_written() < 4096);
  CHECK(world.imbalance() == 0);
  CHECK(world.engine().counters_now().waiting > 150);

  CHECK(read_all(world, slow) == expected(1, 200));
  CHECK(world.engine().counters_now().waiting == 0);
  CHECK(world.imbalance() == 0);
  publish_and_run(world, 201, 203);
  CHECK(read_all(world, slow) == expected(201, 203));
}

TEST_CASE("slow: a member that history no longer reaches is closed as slow, the others still get") {
  World world;
  shrink(world);
  world.rooms = with_history(20);
  world.rooms.tail_events_max = 16;
  const Client slow = world.enter("slow", "room", 0, 64);
  const Client fast = world.enter("fast", "room");
  publish_and_run(world, 1, 100);
  read_all(world, slow);
  REQUIRE(slow.transport->close_reason().has_value());
  CHECK(*slow.transport->close_reason() == kSlow);
  CHECK(fast.read() == expected(1, 100));
  CHECK(world.engine().counters().closed_slow == 1);
  CHECK(world.engine().counters().told_of_gap > 0);
  CHECK(world.imbalance() == 0);
}

TEST_CASE("slow: a room may tell a lost member to subscribe again instead") {
  World world;
  shrink(world);
  world.rooms = with_history(20);
  world.rooms.tail_events_max = 16;
  world.rooms.slow_consumer = SlowConsumer::kResubscribe;
  const Client slow = world.enter("slow", "room", 0, 64);
  publish_and_run(world, 1, 100);
  const auto words = read_all(world, slow);
  CHECK(words.back() == "left room 2500");
  CHECK(!slow.session().in_room("room"));
  CHECK(world.imbalance() == 0);

  const auto again = slow.join("room", StreamPosition{90, ""});
  REQUIRE(again->ok());
  CHECK((*again)->recovered);
  CHECK((*again)->messages.front()->offset == 91);
  // The rest follows as ordinary messages.
  CHECK(read_all(world, slow) == expected(91 + static_cast<int>((*again)->messages.size()), 100));
}

TEST_CASE("slow: without history a room may drop the oldest, and counts what is lost") {
  World world;
  shrink(world);
  world.rooms.tail_events_max = 16;
  world.rooms.slow_consumer = SlowConsumer::kDropOldest;
  const Client slow = world.enter("slow", "room", 0, 64);
  for (int i = 1; i <= 100; ++i) {
    REQUIRE(world.publish("room", std::to_string(100000 + i)).ok());
    world.run();
  }
  for (int i = 101; i <= 200; ++i) {
    REQUIRE(world.publish("room", text(i)).ok());
    world.run();
  }
  const auto words = read_all(world, slow);
  CHECK(words.back() == "room 0 " + text(200));
  CHECK(words.size() < 200);
  const auto counters = world.engine().counters();
  CHECK(counters.dropped_oldest == 200 - words.size());
  CHECK(counters.delivered == words.size());
  CHECK(world.imbalance() == 0);
}

TEST_CASE("slow: without history a room may keep the latest alone") {
  World world;
  shrink(world);
  world.rooms.slow_consumer = SlowConsumer::kKeepLatest;
  const Client slow = world.enter("slow", "room", 0, 64);
  publish_and_run(world, 1, 100);
  const auto words = read_all(world, slow);
  CHECK(words.back() == "room 0 " + text(100));
  CHECK(words.size() < 30);
  CHECK(world.engine().counters().dropped_latest == 100 - words.size());
  CHECK(world.imbalance() == 0);
}

TEST_CASE("slow: a policy that drops is refused in a room with history") {
  World world;
  world.rooms = with_history(10);
  world.rooms.slow_consumer = SlowConsumer::kDropOldest;
  CHECK(absl::IsInternal(world.publish("room", "1").status()));
}

TEST_CASE("slow: a socket that takes nothing at all is closed when its time is over") {
  World world;
  world.rooms = with_history(1000);
  const Client stuck = world.enter("stuck", "room", 0, 64);
  publish_and_run(world, 1, 3);
  world.pass(std::chrono::seconds(29));
  CHECK(!stuck.transport->ended());
  world.pass(std::chrono::seconds(2));
  REQUIRE(stuck.transport->close_reason().has_value());
  CHECK(*stuck.transport->close_reason() == kSlow);
}

TEST_CASE("slow: replies that do not fit the outbox close the session") {
  World world;
  shrink(world);
  const Client client = world.enter("u", "", 0, 16);
  for (int i = 0; i < 40; ++i) {
    if (client.transport->ended()) break;
    client.session().send(Payload(text(i))).IgnoreError();
    world.run();
  }
  REQUIRE(client.transport->close_reason().has_value());
  CHECK(*client.transport->close_reason() == kSlow);
}

TEST_CASE("slow: a session is not read while its outbox is more than half full") {
  World world;
  shrink(world);
  const Client client = world.enter("u", "", 0, 16);
  CHECK(client.session().wants_input());
  while (client.session().wants_input()) {
    REQUIRE(client.session().send(Payload(text(1))).ok());
    world.run();
  }
  client.transport->send("hello");
  CHECK(client.transport->reading_paused());
  read_all(world, client);
  CHECK(!client.transport->reading_paused());
  CHECK(client.protocol->resumed == 1);
}

TEST_CASE("slow: a lane that did not turn for long finds its members behind and serves them") {
  World world(2);
  world.rooms = with_history(100);
  world.rooms.tail_events_max = 8;
  const Client here = world.enter("here", "room", 0);
  const Client there = world.enter("there", "room", 1);
  for (int i = 1; i <= 50; ++i) {
    while (!world.publish("room", text(i)).ok()) {
      world.schedulers[0]->run_ready();
      world.clock.skip(std::chrono::milliseconds(1100));
    }
    world.schedulers[0]->run_ready();
  }
  CHECK(here.read() == expected(1, 50));
  world.run();
  CHECK(there.read() == expected(1, 50));
  CHECK(world.imbalance() == 0);
}
