// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "engine/fixture.h"

using namespace madang;
using namespace madang::testing;

using Words = std::vector<std::string>;

TEST_CASE("publish: every member gets every message once and in order, on every lane") {
  World world(3);
  world.rooms = with_history(100);
  std::vector<Client> clients;
  for (std::size_t i = 0; i < 9; ++i)
    clients.push_back(world.enter("u", "room", i % 3));
  for (int i = 1; i <= 20; ++i) {
    REQUIRE(world.publish("room", std::to_string(i)).ok());
    if (i % 7 == 0) world.run();
  }
  world.run();
  Words expected;
  for (int i = 1; i <= 20; ++i) {
    expected.push_back("room " + std::to_string(i) + " " + std::to_string(i));
  }
  for (const auto& client : clients)
    CHECK(client.read() == expected);
  CHECK(world.engine().counters().delivered == 20 * 9);
  CHECK(world.imbalance() == 0);
}

namespace {

// Frames like the others, and has something done while it does.
class BusyFraming final : public LengthFraming {
 public:
  void frame(std::string_view message, std::string& out) override {
    if (meanwhile) meanwhile();
    LengthFraming::frame(message, out);
  }
  std::function<void()> meanwhile;
};

}  // namespace

TEST_CASE("publish: while a lane reads a long batch in parts, others may go on publishing") {
  World world;
  world.rooms = with_history(1000);
  world.options.limits.batch_events_max = 2;
  BusyFraming framing;
  Client client;
  client.transport = std::make_shared<MemoryTransport>();
  auto protocol = std::make_unique<WordSession>(true);
  client.protocol = protocol.get();
  client.connection =
      world.engine().attach(0, client.transport, std::move(protocol), framing, &world.refusal);
  client.transport->bind(client.connection);
  client.connect("u").IgnoreError();
  client.join("room");
  world.run();
  for (int i = 1; i <= 20; ++i)
    REQUIRE(world.publish("room", std::to_string(i)).ok());
  int published = 20;
  framing.meanwhile = [&] {
    if (published < 60) REQUIRE(world.publish("room", std::to_string(++published)).ok());
  };
  world.run();
  Words expected;
  for (int i = 1; i <= 60; ++i)
    expected.push_back("room " + std::to_string(i) + " " + std::to_string(i));
  CHECK(client.read() == expected);
  CHECK(world.imbalance() == 0);
}

TEST_CASE("publish: a member gets all messages of a turn in one write") {
  World world;
  const Client client = world.enter("u", "room");
  const auto before = client.transport->writes();
  for (int i = 0; i < 50; ++i)
    REQUIRE(world.publish("room", "1").ok());
  world.run();
  CHECK(client.transport->writes() == before + 1);
  CHECK(client.transport->payloads_written() == 1);
  CHECK(client.read().size() == 50);
}

TEST_CASE("publish: the excluded session gets what is around the message and not the message") {
  World world;
  const Client ann = world.enter("ann", "room");
  const Client bob = world.enter("bob", "room");
  PublishOptions exclude;
  exclude.exclude = ann.session().client();
  REQUIRE(world.publish("room", "1").ok());
  REQUIRE(world.publish("room", "2", exclude).ok());
  REQUIRE(world.publish("room", "3").ok());
  world.run();
  CHECK(ann.read() == Words{"room 0 1", "room 0 3"});
  CHECK(bob.read() == Words{"room 0 1", "room 0 2", "room 0 3"});
  CHECK(world.engine().counters().excluded == 1);
  CHECK(world.imbalance() == 0);
}

TEST_CASE("publish: a room of many members is served in slices, and who leaves skips nobody") {
  World world;
  world.options.limits.deliveries_per_turn_max = 10;
  std::vector<Client> clients;
  for (int i = 0; i < 55; ++i)
    clients.push_back(world.enter("u" + std::to_string(i), "room"));
  REQUIRE(world.publish("room", "1").ok());
  auto& scheduler = *world.schedulers[0];
  for (int left = 0; scheduler.run_one(); ++left) {
    if (left < 5) clients[static_cast<std::size_t>(left * 7)].leave("room");
  }
  std::size_t got = 0;
  for (std::size_t i = 0; i < clients.size(); ++i) {
    const auto words = clients[i].read();
    CHECK(words.size() <= 1);
    if (i % 7 != 0 || i >= 35) CHECK(words.size() == 1);
    got += words.size();
  }
  const auto counters = world.engine().counters();
  CHECK(counters.delivered == got);
  CHECK(counters.delivered + counters.left_before_delivery == 55);
}

TEST_CASE("publish: a message repeated by its key is answered the same and delivered once") {
  World world;
  world.rooms = with_history(10);
  const Client client = world.enter("u", "room");
  PublishOptions keyed;
  keyed.idempotency_key = "k";
  const auto first = world.publish("room", "1", keyed);
  const auto second = world.publish("room", "1", keyed);
  REQUIRE(first.ok());
  REQUIRE(second.ok());
  CHECK(!first->repeated);
  CHECK(second->repeated);
  CHECK(second->position == first->position);
  world.run();
  CHECK(client.read().size() == 1);
  world.pass(world.rooms.idempotency_ttl + std::chrono::seconds(1));
  CHECK(!world.publish("room", "1", keyed)->repeated);
}

TEST_CASE("publish: a full tail refuses while a lane that turns has not read, and not for ever") {
  World world;
  world.rooms.tail_events_max = 8;
  const Client client = world.enter("u", "room");
  for (int i = 0; i < 8; ++i)
    REQUIRE(world.publish("room", "1").ok());
  CHECK(absl::IsResourceExhausted(world.publish("room", "1").status()));
  world.run();
  CHECK(world.publish("room", "1").ok());
  CHECK(client.read().size() == 8);

  for (int i = 0; i < 7; ++i)
    REQUIRE(world.publish("room", "1").ok());
  CHECK(absl::IsResourceExhausted(world.publish("room", "1").status()));
  world.clock.skip(std::chrono::milliseconds(1500));  // the lane is blocked all this time
  CHECK(world.publish("room", "1").ok());
  CHECK(world.engine().counters().publishes_refused_full == 2);
}

TEST_CASE("publish: what makes no sense is refused and costs nothing") {
  World world;
  CHECK(absl::IsInvalidArgument(world.publish("", "1").status()));
  CHECK(absl::IsInvalidArgument(world.publish(std::string(256, 'r'), "1").status()));
  CHECK(world.publish(std::string(255, 'r'), "1").ok());
  CHECK(absl::IsInvalidArgument(world.publish("a\nb", "1").status()));
  CHECK(absl::IsInvalidArgument(world.publish("room", "{not json").status()));
  CHECK(absl::IsInvalidArgument(world.publish("room", "").status()));
  PublishOptions keyed;
  keyed.idempotency_key = std::string(129, 'k');
  CHECK(absl::IsInvalidArgument(world.publish("room", "1", keyed).status()));
  const std::string large = '"' + std::string(world.engine().limits().payload_bytes_max, 'x') + '"';
  CHECK(absl::IsInvalidArgument(world.publish("room", large).status()));
  CHECK(world.engine().counters().published == 1);
}

TEST_CASE("publish: JSON loses its line breaks, bytes stay as they are") {
  World world;
  const Client reader = world.enter("u", "room");
  REQUIRE(world.publish("room", "{\n \"a\": \"x\\ny\"\r\n}").ok());
  world.run();
  CHECK(reader.read() == Words{"room 0 {\"a\":\"x\\ny\"}"});

  World raw;
  raw.rooms.payload_kind = PayloadKind::kBytes;
  const Client client = raw.open(0, MemoryTransport::kEndlessBytes, false);
  REQUIRE(client.connect("u").ok());
  REQUIRE(client.join("room")->ok());
  REQUIRE(raw.publish("room", "a\nb").ok());
  raw.run();
  CHECK(client.read() == Words{"room 0 a\nb"});
}

TEST_CASE("join: a room of bytes is closed to a client that reads JSON alone") {
  World world;
  world.rooms.payload_kind = PayloadKind::kBytes;
  const Client client = world.enter("u");
  CHECK(absl::IsUnimplemented(client.join("room")->status()));
}

TEST_CASE("an engine without a room's member keeps no message unless the room has a history") {
  World world;
  REQUIRE(world.publish("room", "1").ok());
  const Client late = world.enter("u", "room");
  CHECK(late.read().empty());
}
