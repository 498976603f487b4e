// SPDX-License-Identifier: Apache-2.0

// Sessions lie in places that others take after them.
#include <doctest/doctest.h>

#include <chrono>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "engine/fixture.h"

using namespace madang;
using namespace madang::testing;

using Words = std::vector<std::string>;

TEST_CASE("sessions: a late answer is not for the one that has the place of who asked") {
  World world;
  std::vector<Reply<ConnectAnswer>> kept;
  world.options.handlers.connect = [&](Session&, const ConnectRequest&,
                                       Reply<ConnectAnswer> reply) {
    kept.push_back(std::move(reply));
  };
  const Client gone = world.open();
  gone.connect("gone").IgnoreError();
  gone.transport->hang_up();
  world.run();
  const Client next = world.open();
  next.connect("next").IgnoreError();
  REQUIRE(kept.size() == 2);
  kept[0].accept({.user = "gone"});
  world.run();
  CHECK(!next.session().connected());
  CHECK(world.engine().counters().handler_answered_late == 1);
  kept[1].accept({.user = "next"});
  world.run();
  CHECK(next.session().user() == "next");
}

TEST_CASE("sessions: hundreds come and go in any order, and each gets its own") {
  World world;
  const auto name = [](std::size_t i) {
    std::string text = "u";
    return text.append(std::to_string(i));
  };
  std::vector<std::pair<std::string, Client>> here;
  const auto check = [&] {
    for (const auto& [user, client] : here)
      REQUIRE(world.engine().send_to_user(user, "\"to " + user + "\"").ok());
    world.run();
    for (const auto& [user, client] : here)
      REQUIRE(client.read() == Words{"message \"to " + user + "\""});
    CHECK(world.engine().counters().sessions == here.size());
  };
  std::size_t next = 0;
  SeededRandom random{7};
  for (const std::size_t target : {400, 3, 150, 129, 500, 64, 0, 65}) {
    while (here.size() < target) {
      const std::string user = name(next++);
      here.emplace_back(user, world.enter(user));
    }
    while (here.size() > target) {
      std::swap(here[random.next() % here.size()], here.back());
      here.back().second.transport->hang_up();
      here.pop_back();
    }
    world.run();
    check();
  }
}

TEST_CASE("sessions: whoever came first goes first when all are drained, whatever its place") {
  World world;
  std::vector<std::string> gone;
  world.options.handlers.disconnect = [&](Session& session, const CloseReason&) {
    gone.emplace_back(session.user());
  };
  const Client first = world.enter("leaves");
  const Client second = world.enter("second");
  first.transport->hang_up();
  world.run();
  const Client third = world.enter("third");
  world.engine().drain({}, [] {});
  world.pass(std::chrono::minutes(1));
  CHECK(gone == Words{"leaves", "second", "third"});
}

TEST_CASE("rooms: thousands of members come and go, and each gets each message once") {
  World world;
  std::vector<Client> members;
  for (int i = 0; i < 3'000; ++i)
    members.push_back(world.enter("u", "room"));
  for (std::size_t i = 0; i < members.size(); i += 3)
    members[i].transport->hang_up();
  world.run();
  REQUIRE(world.publish("room", "\"text\"").ok());
  world.run();
  for (std::size_t i = 0; i < members.size(); ++i)
    REQUIRE(members[i].read() == (i % 3 == 0 ? Words{} : Words{"room 0 \"text\""}));
  CHECK(world.imbalance() == 0);
}
