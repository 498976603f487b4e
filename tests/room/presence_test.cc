// SPDX-License-Identifier: Apache-2.0
#include "madang/room/presence.h"

#include <doctest/doctest.h>

#include <map>
#include <set>
#include <string>

#include "madang/base/random.h"
#include "room/room_fixture.h"

namespace madang {
namespace {

TEST_CASE("presence: a user counts once however many sessions, a guest by session") {
  Presence presence;
  CHECK(presence.enter(person("ann", 1)).first_of_user);
  CHECK_FALSE(presence.enter(person("ann", 2)).first_of_user);
  CHECK(presence.enter(person("bob", 3)).first_of_user);
  CHECK(presence.enter(person("", 4)).first_of_user);
  CHECK(presence.enter(person("", 5)).first_of_user);
  CHECK(presence.stats() == PresenceStats{.sessions = 5, .users = 4});
}

TEST_CASE("presence: the last session out is known by the session that came in first") {
  Presence presence;
  presence.enter(person("ann", 1));
  presence.enter(person("ann", 2));
  const auto first_out = presence.leave(client_number(1));
  CHECK(first_out.session->client == client_number(1));
  CHECK(first_out.last_of_user == nullptr);
  const auto last_out = presence.leave(client_number(2));
  CHECK(last_out.session->client == client_number(2));
  REQUIRE(last_out.last_of_user != nullptr);
  CHECK(last_out.last_of_user->client == client_number(1));
  CHECK(presence.stats() == PresenceStats{});
}

TEST_CASE("presence: a leave of somebody who is not here changes nothing") {
  Presence presence;
  presence.enter(person("ann", 1));
  CHECK(presence.leave(client_number(2)).session == nullptr);
  presence.leave(client_number(1));
  CHECK(presence.leave(client_number(1)).session == nullptr);
  CHECK(presence.stats() == PresenceStats{});
}

TEST_CASE("presence: a list is bounded") {
  Presence presence;
  for (std::uint64_t i = 1; i <= 10; ++i)
    presence.enter(person("ann", i));
  CHECK(presence.list(0).empty());
  CHECK(presence.list(3).size() == 3);
  CHECK(presence.list(100).size() == 10);
}

TEST_CASE("presence: 20,000 random comings and goings agree with a plain model") {
  SeededRandom random(5);
  Presence presence;
  std::map<std::uint64_t, std::string> here;
  for (int i = 0; i < 20'000; ++i) {
    const auto number = random.below(500);
    if (here.contains(number)) {
      const auto left = presence.leave(client_number(number));
      const std::string user = here[number];
      here.erase(number);
      bool last = true;
      for (const auto& entry : here)
        last = last && (user.empty() || entry.second != user);
      REQUIRE(left.session->user == user);
      REQUIRE((left.last_of_user != nullptr) == last);
    } else {
      const auto user = random.below(4) == 0 ? "" : "user " + std::to_string(random.below(60));
      presence.enter(person(user, number));
      here[number] = user;
    }
    std::set<std::string> users;
    std::uint64_t guests = 0;
    for (const auto& entry : here) {
      if (entry.second.empty())
        ++guests;
      else
        users.insert(entry.second);
    }
    REQUIRE(presence.stats() ==
            PresenceStats{.sessions = here.size(), .users = users.size() + guests});
  }
  const auto list = presence.list(1'000);
  REQUIRE(list.size() == here.size());
  for (const auto& info : list) {
    bool known = false;
    for (const auto& [number, user] : here) {
      known = known || (info->client == client_number(number) && info->user == user);
    }
    CHECK(known);
  }
}

}  // namespace
}  // namespace madang
