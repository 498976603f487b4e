// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <string>

#include "room/room_fixture.h"

namespace madang {
namespace {

RoomOptions announcing(Announce announce) {
  RoomOptions options;
  options.announce = announce;
  return options;
}

TEST_CASE("room: announced by session, every tab is") {
  TestRoom test(announcing(Announce::kBySession));
  test.room.enter(person("ann", 1));
  test.room.enter(person("ann", 2));
  CHECK(test.room.has_announcements());
  test.announce();
  CHECK_FALSE(test.room.has_announcements());
  test.room.leave(client_number(1));
  test.announce();
  CHECK(test.read() == "+ann/1 +ann/2 -ann/1");
}

TEST_CASE("room: announced by user, only the first in and the last out are") {
  TestRoom test(announcing(Announce::kByUser));
  test.room.enter(person("ann", 1));
  test.announce();
  test.room.enter(person("ann", 2));
  test.room.leave(client_number(1));
  test.announce();
  CHECK(test.read() == "+ann/1");
  test.room.leave(client_number(2));
  test.announce();
  CHECK(test.read() == "+ann/1 -ann/1");  // the leave carries the client of its join
}

TEST_CASE("room: guests are announced one by one even where users are") {
  TestRoom test(announcing(Announce::kByUser));
  test.room.enter(person("", 1));
  test.room.enter(person("", 2));
  test.announce();
  test.room.leave(client_number(2));
  test.announce();
  CHECK(test.read() == "+/1 +/2 -/2");
}

TEST_CASE("room: a page reloaded within a tick makes no noise") {
  TestRoom test(announcing(Announce::kByUser));
  test.room.enter(person("ann", 1));
  test.announce();
  const Cursor before = test.room.top();
  test.room.leave(client_number(1));
  test.room.enter(person("ann", 2));
  CHECK_FALSE(test.room.has_announcements());
  test.announce();
  CHECK(test.read(before) == "");

  // The members still know her by the session of the first page.
  test.room.leave(client_number(2));
  test.announce();
  CHECK(test.read(before) == "-ann/1");
}

TEST_CASE("room: who comes and goes within a tick was never there") {
  for (const auto announce : {Announce::kBySession, Announce::kByUser}) {
    TestRoom test(announcing(announce));
    test.room.enter(person("ann", 1));
    test.room.leave(client_number(1));
    CHECK_FALSE(test.room.has_announcements());
    CHECK(test.room.members() == 0);
  }
}

TEST_CASE("room: announcements take their place before the message that follows them") {
  TestRoom test(announcing(Announce::kBySession));
  test.room.enter(person("ann", 1));
  test.publish("a");
  test.room.leave(client_number(1));
  test.publish("b");
  CHECK(test.read() == "+ann/1 a -ann/1 b");
  CHECK(test.room.top().number == 4);
  CHECK(test.room.top().messages == 2);
}

TEST_CASE("room: announcements take no offset") {
  RoomOptions options = with_history(10);
  options.announce = Announce::kBySession;
  TestRoom test(options);
  test.room.enter(person("ann", 1));
  CHECK(test.publish("a").offset == 1);
  test.room.enter(person("bob", 2));
  CHECK(test.publish("b").offset == 2);
}

TEST_CASE("room: above its bound of members it announces nobody, below it again") {
  RoomOptions options = announcing(Announce::kBySession);
  options.announce_members_max = 3;
  TestRoom test(options);
  for (std::uint64_t i = 1; i <= 3; ++i)
    test.room.enter(person("u", i));
  test.announce();
  CHECK(test.read() == "+u/1 +u/2 +u/3");
  const Cursor three = test.room.top();
  test.room.enter(person("u", 4));
  test.room.enter(person("u", 5));
  test.room.leave(client_number(5));
  CHECK_FALSE(test.room.has_announcements());
  test.announce();
  CHECK(test.read(three) == "");
  CHECK(test.room.presence().stats().sessions == 4);
  test.room.leave(client_number(1));
  test.room.leave(client_number(2));
  test.announce();
  CHECK(test.read(three).ends_with("-u/2"));
}

TEST_CASE("room: what waits as the bound is passed is not announced") {
  RoomOptions options = announcing(Announce::kBySession);
  options.announce_members_max = 3;
  TestRoom test(options);
  for (std::uint64_t i = 1; i <= 4; ++i)
    test.room.enter(person("u", i));
  test.announce();
  CHECK(test.read() == "");
  CHECK_FALSE(test.room.has_announcements());
}

TEST_CASE("room: a full tail lets announcements wait and cancel out there") {
  RoomOptions options = announcing(Announce::kBySession);
  options.tail_events_max = 1;
  TestRoom test(options);
  test.publish("a");
  test.room.enter(person("ann", 1));
  CHECK_FALSE(test.room.announce(0, test.now, {}));
  CHECK(test.room.has_announcements());
  test.room.leave(client_number(1));
  CHECK_FALSE(test.room.has_announcements());
  test.room.enter(person("bob", 2));
  const Cursor read = test.room.top();
  CHECK(test.room.announce(1, test.now, {}));
  CHECK(test.read(read) == "+bob/2");
}

TEST_CASE("room: presence without announcements knows the members and tells nobody") {
  RoomOptions options;
  options.presence = true;
  TestRoom test(options);
  test.room.enter(person("ann", 1));
  CHECK(test.room.presence().stats().sessions == 1);
  CHECK_FALSE(test.room.has_announcements());
}

}  // namespace
}  // namespace madang
