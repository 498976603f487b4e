// SPDX-License-Identifier: Apache-2.0

// The bounds of Limits that no other test moves: each is met at another value than its default.
#include <doctest/doctest.h>

#include "engine/fixture.h"

using namespace madang;
using namespace madang::testing;

using Words = std::vector<std::string>;

TEST_CASE("limits: room_name_bytes_max, payload_bytes_max, idempotency_key_bytes_max") {
  World world;
  world.options.limits.room_name_bytes_max = 4;
  world.options.limits.payload_bytes_max = 6;
  world.options.limits.idempotency_key_bytes_max = 3;
  CHECK(world.publish("room", "123456").ok());
  CHECK(absl::IsInvalidArgument(world.publish("rooms", "1").status()));
  CHECK(absl::IsInvalidArgument(world.publish("room", "1234567").status()));
  PublishOptions keyed;
  keyed.idempotency_key = "abc";
  CHECK(world.publish("room", "1", keyed).ok());
  keyed.idempotency_key = "abcd";
  CHECK(absl::IsInvalidArgument(world.publish("room", "1", keyed).status()));

  const Client client = world.enter("u", "room");
  CHECK(absl::IsInvalidArgument(client.join("rooms")->status()));
  CHECK(absl::IsInvalidArgument(*client.publish("rooms", "1")));
  CHECK(absl::IsInvalidArgument(*client.publish("room", "1234567")));
  CHECK(absl::IsInvalidArgument(client.session().send("1234567")));
  CHECK(absl::IsInvalidArgument(world.engine().send_to_user("u", "1234567")));
  CHECK(client.publish("room", "1")->ok());
}

TEST_CASE("limits: user_bytes_max and info_bytes_max, for connections and for rooms") {
  World world;
  world.options.limits.user_bytes_max = 3;
  world.options.limits.info_bytes_max = 5;
  Payload connection_info = "12345";
  Payload room_info = "12345";
  world.options.handlers.connect = [&](Session&, const ConnectRequest& request,
                                       Reply<ConnectAnswer> reply) {
    reply.accept({.user = request.token, .connection_info = connection_info});
  };
  world.options.handlers.join = [&](Session&, const JoinRequest&, Reply<JoinAnswer> reply) {
    reply.accept({.room_info = room_info});
  };
  const Client client = world.open();
  CHECK(client.connect("ann").ok());
  CHECK(client.join("a")->ok());
  room_info = "123456";
  CHECK(absl::IsInternal(client.join("b")->status()));
  room_info = "no";  // not JSON, which members who read JSON could not be shown
  CHECK(absl::IsInternal(client.join("c")->status()));
  CHECK(absl::IsInternal(world.open().connect("anna")));
  connection_info = "123456";
  CHECK(absl::IsInternal(world.open().connect("bob")));
  connection_info = "no";
  CHECK(absl::IsInternal(world.open().connect("cid")));
  CHECK(world.engine().counters().subscriptions == 1);
}

TEST_CASE("limits: connect_timeout and handler_timeout") {
  World world;
  world.options.limits.connect_timeout = std::chrono::seconds(3);
  world.options.limits.handler_timeout = std::chrono::seconds(1);
  std::vector<Reply<ConnectAnswer>> kept;
  world.options.handlers.connect = [&](Session&, const ConnectRequest&,
                                       Reply<ConnectAnswer> reply) {
    kept.push_back(std::move(reply));
  };
  const Client client = world.open();
  absl::Status status;
  client.session().connect_command({}, [&](auto result) { status = result.status(); });
  world.pass(std::chrono::milliseconds(900));
  CHECK(status.ok());
  world.pass(std::chrono::milliseconds(200));
  CHECK(absl::IsDeadlineExceeded(status));
  world.pass(std::chrono::milliseconds(1800));
  CHECK(!client.transport->ended());
  world.pass(std::chrono::milliseconds(200));
  CHECK(*client.transport->close_reason() == kStale);
}

TEST_CASE("limits: ping_interval and pong_timeout") {
  World world;
  world.options.limits.ping_interval = std::chrono::seconds(4);
  world.options.limits.pong_timeout = std::chrono::seconds(1);
  const Client client = world.enter("u");
  world.pass(std::chrono::milliseconds(1900));
  CHECK(client.read().empty());
  // The first comes after half the interval or more, and at its end at the latest.
  Words words;
  for (int i = 0; i < 22 && words.empty(); ++i) {
    world.pass(std::chrono::milliseconds(100));
    words = client.read();
  }
  CHECK(words == Words{"ping"});
  world.pass(std::chrono::milliseconds(800));
  CHECK(!client.transport->ended());
  world.pass(std::chrono::milliseconds(300));
  CHECK(*client.transport->close_reason() == kNoPong);
}

TEST_CASE("limits: write_stall_timeout, which any progress puts off") {
  World world;
  world.options.limits.write_stall_timeout = std::chrono::seconds(2);
  const Client client = world.enter("u", "", 0, 1);
  REQUIRE(client.session().send("\"0123456789\"").ok());
  for (int i = 0; i < 5; ++i) {
    world.pass(std::chrono::milliseconds(1500));
    client.transport->read(1);
  }
  CHECK(!client.transport->ended());
  world.pass(std::chrono::milliseconds(2100));
  CHECK(*client.transport->close_reason() == kSlow);
}

TEST_CASE("limits: announce_tick, within which a leave and a join cancel out") {
  World world;
  world.options.limits.announce_tick = std::chrono::milliseconds(500);
  world.rooms.announce = Announce::kByUser;
  world.rooms.announce_to_all = true;
  const Client watcher = world.enter("watcher", "room");
  const Client ann = world.enter("ann", "room");
  world.pass(std::chrono::milliseconds(400));
  CHECK(watcher.read().empty());
  world.pass(std::chrono::milliseconds(200));
  CHECK(watcher.read() == Words{"+room watcher", "+room ann"});
  ann.leave("room");
  world.pass(std::chrono::milliseconds(300));
  CHECK(ann.join("room")->ok());
  world.pass(std::chrono::seconds(2));
  CHECK(watcher.read().empty());
}
