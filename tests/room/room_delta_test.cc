// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <string>

#include "room/room_fixture.h"

namespace madang {
namespace {

std::string before(const Room::Published& published) {
  return std::string(published.event->before.view());
}

RoomOptions delta_room(std::size_t history) {
  RoomOptions options = with_history(history);
  options.delta = true;
  return options;
}

TEST_CASE("room: a message knows the data of the one before it, where deltas are sent") {
  TestRoom test(delta_room(10));
  CHECK(before(test.publish("a")).empty());
  CHECK(before(test.publish("b")) == "a");
  CHECK(before(test.publish("c", false)) == "b");
  CHECK(before(test.publish("d")) == "c");

  TestRoom plain(with_history(10));
  plain.publish("a");
  CHECK(before(plain.publish("b")).empty());
}

TEST_CASE("room: who comes and goes is not a message before another") {
  RoomOptions options = delta_room(10);
  options.announce = Announce::kBySession;
  TestRoom test(options);
  test.publish("a");
  test.room.enter(person("ann", 1));
  test.announce();
  const auto published = test.publish("b");
  CHECK(before(published) == "a");
  CHECK(published.event->number == 3);
}

TEST_CASE("room: a message before that the history has not kept counts as its follower's bytes") {
  TestRoom test(delta_room(10));
  const std::string large(1'000, 'x');
  test.publish(large);
  const auto follows_kept = test.publish("b");
  CHECK(follows_kept.event->bytes() < 1'000);
  test.publish(large, false);
  const auto follows_passing = test.publish("c");
  CHECK(follows_passing.event->bytes() >= 1'000);
  CHECK(test.publish("d").event->bytes() < 1'000);
}

TEST_CASE("room: a message follows the one before it, kept or not, and no other") {
  TestRoom test(delta_room(10));
  const auto a = test.publish("a").event;
  const auto b = test.publish("b", false).event;
  const auto c = test.publish("c").event;
  CHECK(follows({}, *a));
  CHECK(follows(cursor_at(*a), *b));
  CHECK(follows(cursor_at(*b), *c));
  CHECK_FALSE(follows(cursor_at(*a), *c));
  CHECK_FALSE(follows(cursor_at(*b), *b));
  CHECK_FALSE(follows({}, *b));
}

}  // namespace
}  // namespace madang
