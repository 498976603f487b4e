// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "engine/fixture.h"
#include "engine/name_pattern.h"

using namespace madang;
using namespace madang::testing;

using Words = std::vector<std::string>;

namespace {

// Keeps the join replies of the host until the test gives them.
struct LateJoins {
  explicit LateJoins(World& world) {
    world.options.handlers.join = [this](Session&, const JoinRequest& request,
                                         Reply<JoinAnswer> reply) {
      rooms.push_back(request.room);
      replies.push_back(std::move(reply));
    };
  }
  std::vector<std::string> rooms;
  std::vector<Reply<JoinAnswer>> replies;
};

}  // namespace

TEST_CASE("join: a second join of one room is refused, and leaving is always fine") {
  World world;
  const Client client = world.enter("u", "room");
  CHECK(absl::IsAlreadyExists(client.join("room")->status()));
  CHECK(client.leave("room")->ok());
  CHECK(client.leave("room")->ok());
  CHECK(client.leave("never")->ok());
  CHECK(client.join("room")->ok());
}

TEST_CASE("join: recovery brings exactly what was missed, before what is new") {
  World world;
  world.rooms = with_history(100);
  for (int i = 1; i <= 10; ++i)
    REQUIRE(world.publish("room", std::to_string(i)).ok());
  const auto epoch = world.history("room", {})->position.epoch;
  const Client client = world.enter("u");
  const auto joined = client.join("room", StreamPosition{6, epoch});
  REQUIRE(world.publish("room", "11").ok());
  world.run();
  REQUIRE(joined->ok());
  CHECK((*joined)->recovered);
  REQUIRE((*joined)->messages.size() == 4);
  CHECK((*joined)->messages.front()->offset == 7);
  CHECK((*joined)->position->offset == 10);
  CHECK(client.read() == Words{"room 11 11"});
  CHECK(world.engine().counters().recovered == 4);
  CHECK(world.imbalance() == 0);
}

TEST_CASE("join: a long recovery starts with one page and goes on at the pace of the socket") {
  World world;
  world.rooms = with_history(1000);
  world.options.limits.page_messages_max = 10;
  for (int i = 1; i <= 500; ++i)
    REQUIRE(world.publish("room", std::to_string(i)).ok());
  const Client client = world.enter("u");
  const auto joined = client.join("room", StreamPosition{100, ""});
  REQUIRE(joined->ok());
  CHECK((*joined)->recovered);
  CHECK((*joined)->messages.size() == 10);
  world.run();
  REQUIRE(world.publish("room", "501").ok());
  world.run();
  const auto words = client.read();
  REQUIRE(words.size() == 391);
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto number = std::to_string(111 + i);
    CHECK(words[i] == "room " + number + " " + number);
  }
  CHECK(world.engine().counters().delivered == 1);
  CHECK(world.engine().counters().recovered == 400);
  CHECK(world.imbalance() == 0);
}

TEST_CASE("join: what can not be recovered is said") {
  World world;
  world.rooms = with_history(5);
  for (int i = 1; i <= 10; ++i)
    REQUIRE(world.publish("room", "1").ok());
  const auto check_lost = [&](const StreamPosition& since) {
    const Client client = world.enter("u");
    const auto joined = client.join("room", since);
    REQUIRE(joined->ok());
    CHECK((*joined)->recovery_tried);
    CHECK(!(*joined)->recovered);
    CHECK((*joined)->messages.empty());
    CHECK((*joined)->position->offset == 10);
  };
  check_lost({4, ""});               // history begins at 6
  check_lost({11, ""});              // above the top
  check_lost({9, "another epoch"});  // of another history
  world.engine().remove_history("room", [](const absl::Status& status) { REQUIRE(status.ok()); });
  check_lost({9, ""});
}

TEST_CASE("join: in cache mode only the latest message comes back") {
  World world;
  world.rooms = with_history(5);
  world.rooms.recovery = RecoveryMode::kCache;
  for (int i = 1; i <= 3; ++i)
    REQUIRE(world.publish("room", std::to_string(i)).ok());
  const auto joined = world.enter("u").join("room", StreamPosition{0, ""});
  REQUIRE(joined->ok());
  CHECK((*joined)->recovered);
  REQUIRE((*joined)->messages.size() == 1);
  CHECK((*joined)->messages[0]->data.view() == "3");
}

TEST_CASE("join: nothing of the room comes before the reply, whatever happens meanwhile") {
  World world;
  world.rooms = with_history(10);
  LateJoins late(world);
  const Client client = world.enter("u");
  const auto joined = client.join("room");
  REQUIRE(world.publish("room", "1").ok());
  world.run();
  CHECK(client.read().empty());
  CHECK(!client.session().in_room("room"));
  late.replies[0].accept();
  REQUIRE(joined->ok());
  REQUIRE(world.publish("room", "2").ok());
  world.run();
  CHECK(client.read() == Words{"room 2 2"});
}

TEST_CASE("join: subscribe, unsubscribe, subscribe take effect in order while the host thinks") {
  World world;
  LateJoins late(world);
  const Client client = world.enter("u");
  const auto first = client.join("room");
  const auto left = client.leave("room");
  const auto second = client.join("room");
  const auto other = client.join("other");
  REQUIRE(late.rooms == Words{"room", "other"});
  late.replies[1].accept();
  CHECK(other->ok());
  CHECK(!first->ok());
  late.replies[0].accept();
  CHECK(first->ok());
  CHECK(left->ok());
  REQUIRE(late.rooms.size() == 3);
  CHECK(!client.session().in_room("room"));
  late.replies[2].refuse();
  CHECK(absl::IsPermissionDenied(second->status()));
}

TEST_CASE("join: an answer for a join that was called off is discarded and counted") {
  World world;
  LateJoins late(world);
  const Client client = world.enter("u");
  const auto joined = client.join("room");
  REQUIRE(world.engine().leave_user("u", "room").ok());
  world.run();
  CHECK(absl::IsPermissionDenied(joined->status()));
  late.replies[0].accept();
  world.run();
  CHECK(!client.session().in_room("room"));
  CHECK(world.engine().counters().handler_answered_late == 1);
  CHECK(world.engine().counters().subscriptions == 0);
}

TEST_CASE("join: the host puts a user into a room and takes it out, and the client is told") {
  World world(2);
  world.rooms = with_history(10);
  const Client phone = world.enter("ann", "", 0);
  const Client laptop = world.enter("ann", "", 1);
  REQUIRE(world.publish("room", "1").ok());
  REQUIRE(world.engine().join_user("ann", "room").ok());
  world.run();
  REQUIRE(world.publish("room", "2").ok());
  world.run();
  REQUIRE(world.engine().leave_user("ann", "room").ok());
  world.run();
  for (const auto* client : {&phone, &laptop}) {
    CHECK(client->read() == Words{"joined room 1", "room 2 2", "left room 2000"});
  }
}

TEST_CASE("rooms: those that somebody is in are listed, by pattern and up to a bound") {
  World world;
  world.options.limits.rooms_list_max = 2;
  world.enter("a", "chat:1");
  world.enter("b", "chat:1");
  world.enter("c", "chat:2");
  const auto chats = world.engine().rooms("chat:*");
  REQUIRE(chats.ok());
  CHECK(chats->size() == 2);
  CHECK(world.engine().rooms("*")->size() == 2);
  world.enter("d", "news:1");
  CHECK(absl::IsOutOfRange(world.engine().rooms("*").status()));
  CHECK(world.engine().rooms("*:1")->size() == 2);
  CHECK(world.engine().rooms("")->empty());
}

TEST_CASE("rooms: a star stands for any text, also none") {
  const auto matches = [](std::string_view name, std::string_view pattern) {
    return matches_pattern(name, pattern);
  };
  CHECK(matches("", ""));
  CHECK(matches("", "*"));
  CHECK(matches("abc", "abc"));
  CHECK(matches("abc", "a*c"));
  CHECK(matches("ac", "a*c"));
  CHECK(matches("abcbc", "*bc"));
  CHECK(matches("abxbc", "a*b*c"));
  CHECK(matches("a*b", "a*b"));
  CHECK_FALSE(matches("abc", "ab"));
  CHECK_FALSE(matches("ab", "abc"));
  CHECK_FALSE(matches("abd", "a*c"));
  CHECK_FALSE(matches("", "a"));
  CHECK_FALSE(matches(std::string(10'000, 'a'), std::string("*a*a*a*a*a*a*b")));
}

TEST_CASE("join: bounds on rooms of a session, members of a room and rooms of an engine") {
  World world;
  world.options.limits.rooms_per_session_max = 2;
  world.options.limits.rooms_max = 3;
  world.rooms.members_max = 2;
  const Client ann = world.enter("ann");
  CHECK(ann.join("a")->ok());
  CHECK(ann.join("b")->ok());
  CHECK(absl::IsOutOfRange(ann.join("c")->status()));
  CHECK(absl::IsOutOfRange(ann.session().join("c", {})));
  CHECK(world.enter("bob").join("a")->ok());
  const Client cid = world.enter("cid");
  CHECK(absl::IsOutOfRange(cid.join("a")->status()));
  CHECK(cid.join("c")->ok());
  CHECK(absl::IsOutOfRange(cid.join("d")->status()));
  CHECK(cid.session().rooms() == Words{"c"});
  CHECK(world.engine().counters().subscriptions == 4);
}

TEST_CASE("rooms: one that is empty for its time goes, and comes back under another epoch") {
  World world;
  world.rooms = with_history(10);
  const auto before = world.publish("room", "1")->position;
  world.pass(world.engine().limits().empty_room_ttl + std::chrono::seconds(5));
  CHECK(world.engine().counters().rooms == 0);
  const auto after = world.publish("room", "1")->position;
  CHECK(after.offset == 1);
  CHECK(after.epoch != before.epoch);
}

TEST_CASE("rooms: history ages out while the room lives on, and offsets go on") {
  World world;
  world.rooms = with_history(10);
  const Client client = world.enter("u", "room");
  REQUIRE(world.publish("room", "1").ok());
  world.pass(world.rooms.history.age_max + std::chrono::seconds(3));
  const auto history = world.history("room", {.since = {}, .limit = 10});
  REQUIRE(history.ok());
  CHECK(history->messages.empty());
  CHECK(world.publish("room", "2")->position.offset == 2);
}

TEST_CASE("rooms: a host may say that there is no such room") {
  World world;
  world.options.handlers.room_options = [](std::string_view) { return std::nullopt; };
  CHECK(absl::IsNotFound(world.publish("room", "1").status()));
  CHECK(absl::IsNotFound(world.enter("u").join("room")->status()));
}

TEST_CASE("announcements: by user at the first session in and the last one out") {
  World world;
  world.rooms.announce = Announce::kByUser;
  const Client watcher = world.enter("watcher");
  REQUIRE(watcher.join("room", {}, true)->ok());
  world.pass(std::chrono::seconds(1));
  CHECK(watcher.read() == Words{"+room watcher"});

  const Client phone = world.enter("ann", "room");
  const Client laptop = world.enter("ann", "room");
  world.pass(std::chrono::seconds(1));
  CHECK(watcher.read() == Words{"+room ann"});
  phone.transport->hang_up();
  world.pass(std::chrono::seconds(1));
  CHECK(watcher.read().empty());
  laptop.transport->hang_up();
  world.pass(std::chrono::seconds(1));
  CHECK(watcher.read() == Words{"-room ann"});
  CHECK(phone.read().empty());  // it did not ask for them
}

TEST_CASE("announcements: a join comes before the first message of who joined") {
  World world;
  world.rooms.announce = Announce::kBySession;
  world.rooms.announce_to_all = true;
  const Client watcher = world.enter("watcher", "room");
  world.pass(std::chrono::seconds(1));
  watcher.read();
  const Client ann = world.enter("ann", "room");
  CHECK(ann.publish("room", "1")->ok());
  world.run();
  CHECK(watcher.read() == Words{"+room ann", "room 0 1"});
}

TEST_CASE("announcements: one member too many is announced neither as it comes nor as it goes") {
  World world;
  world.rooms.announce = Announce::kBySession;
  world.rooms.announce_to_all = true;
  world.rooms.announce_members_max = 2;
  const Client watcher = world.enter("watcher", "room");
  const Client ann = world.enter("ann", "room");
  world.pass(std::chrono::seconds(1));
  watcher.read();
  for (int i = 0; i < 50; ++i) {
    const Client third = world.enter("third", "room");
    third.leave("room");
  }
  world.pass(std::chrono::seconds(1));
  CHECK(watcher.read().empty());
  ann.leave("room");
  world.pass(std::chrono::seconds(1));
  CHECK(watcher.read() == Words{"-room ann"});
}

TEST_CASE("presence: users and sessions, by list and by number, and nobody stays behind") {
  World world(2);
  world.rooms.presence = true;
  world.options.limits.presence_list_max = 3;
  const Client a1 = world.enter("ann", "room", 0);
  const Client a2 = world.enter("ann", "room", 1);
  const Client guest = world.enter("", "room", 0);
  auto& engine = world.engine();
  CHECK(*engine.presence_stats("room") == PresenceStats{3, 2});
  CHECK(engine.presence("room")->size() == 3);
  const Client bob = world.enter("bob", "room", 1);
  CHECK(absl::IsOutOfRange(engine.presence("room").status()));
  CHECK(engine.presence_stats("room")->sessions == 4);
  a1.transport->hang_up();
  bob.leave("room");
  guest.session().close(kClosed);
  world.run();
  CHECK(*engine.presence_stats("room") == PresenceStats{1, 1});
  CHECK(engine.presence("room")->front()->client == a2.session().client());
  CHECK(absl::IsNotFound(engine.presence("nowhere").status()));
}
