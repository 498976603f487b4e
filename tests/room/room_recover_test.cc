// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <string>

#include "room/room_fixture.h"

namespace madang {
namespace {

void publish_letters(TestRoom& test, char first, char last) {
  for (char c = first; c <= last; ++c)
    test.publish(std::string(1, c));
}

TEST_CASE("recover: what came after the client's offset, in order, up to now") {
  TestRoom test(with_history(10));
  publish_letters(test, 'a', 'e');
  const auto page = test.room.recover({.offset = 2, .epoch = "e1"}, kEverything);
  REQUIRE(page.has_value());
  CHECK(TestRoom::text_of(page->events) == "c d e");
  CHECK(page->status == ReadStatus::kEnd);
  CHECK(page->end.number == 5);
  test.publish("f");
  CHECK(test.read(page->end) == "f");
}

TEST_CASE("recover: a client that has everything is recovered with nothing") {
  TestRoom test(with_history(10));
  CHECK(test.room.recover({.offset = 0, .epoch = "e1"}, kEverything)->events.empty());
  publish_letters(test, 'a', 'c');
  test.publish("not kept", false);
  const auto page = test.room.recover({.offset = 3, .epoch = "e1"}, kEverything);
  REQUIRE(page.has_value());
  CHECK(page->events.empty());
  CHECK(page->end.number == test.room.top().number);
}

TEST_CASE("recover: from the very first message, and with an empty epoch") {
  TestRoom test(with_history(10));
  publish_letters(test, 'a', 'b');
  const auto page = test.room.recover({.offset = 0, .epoch = ""}, kEverything);
  REQUIRE(page.has_value());
  CHECK(TestRoom::text_of(page->events) == "a b");
}

TEST_CASE("recover: nothing under another epoch, even at the same offset") {
  TestRoom test(with_history(10));
  publish_letters(test, 'a', 'c');
  CHECK_FALSE(test.room.recover({.offset = 3, .epoch = "e0"}, kEverything).has_value());
  CHECK_FALSE(test.room.recover({.offset = 1, .epoch = "e0"}, kEverything).has_value());
}

TEST_CASE("recover: nothing for a client that is ahead of the room") {
  TestRoom test(with_history(10));
  publish_letters(test, 'a', 'c');
  CHECK_FALSE(test.room.recover({.offset = 4, .epoch = "e1"}, kEverything).has_value());
  CHECK_FALSE(test.room.recover({.offset = 4, .epoch = ""}, kEverything).has_value());
}

TEST_CASE("recover: nothing once the message after the client's offset is gone") {
  TestRoom test(with_history(3));
  publish_letters(test, 'a', 'f');
  CHECK(test.room.recover({.offset = 3, .epoch = "e1"}, kEverything).has_value());
  CHECK_FALSE(test.room.recover({.offset = 2, .epoch = "e1"}, kEverything).has_value());
  test.room.clear_history(test.room.position().offset);
  CHECK_FALSE(test.room.recover({.offset = 5, .epoch = "e1"}, kEverything).has_value());
  CHECK(test.room.recover({.offset = 6, .epoch = "e1"}, kEverything).has_value());
}

TEST_CASE("recover: longer than a page, the reader goes on where the page ends") {
  for (const bool small_tail : {false, true}) {
    RoomOptions options = with_history(100);
    if (small_tail) options.tail_events_max = 2;
    TestRoom test(options);
    publish_letters(test, 'a', 'h');
    const PageBounds pages_of_3{.messages_max = 3, .bytes_max = 1u << 20};
    const auto page = test.room.recover({.offset = 1, .epoch = "e1"}, pages_of_3);
    REQUIRE(page.has_value());
    CHECK(TestRoom::text_of(page->events) == "b c d");
    CHECK(page->status == ReadStatus::kMore);
    const auto next = test.room.read_after(page->end, pages_of_3);
    CHECK(TestRoom::text_of(next.events).starts_with("e f"));
  }
}

TEST_CASE("recover: a message that was not kept is not part of it") {
  TestRoom test(with_history(10));
  test.publish("a");
  test.publish("typing", false);
  test.publish("b");
  test.publish("typing", false);
  const auto page = test.room.recover({.offset = 0, .epoch = "e1"}, kEverything);
  CHECK(TestRoom::text_of(page->events) == "a b");
  CHECK(test.read(page->end) == "");
}

TEST_CASE("recover: a room without positions never says it did") {
  TestRoom test;
  test.publish("a");
  CHECK_FALSE(test.room.recover({.offset = 0, .epoch = "e1"}, kEverything).has_value());
}

TEST_CASE("recover: in cache mode the latest message alone, and none if the client has it") {
  RoomOptions options = with_history(10);
  options.recovery = RecoveryMode::kCache;
  TestRoom test(options);
  CHECK_FALSE(test.room.recover({.offset = 0, .epoch = ""}, kEverything).has_value());
  publish_letters(test, 'a', 'd');
  const auto latest = test.room.recover({.offset = 1, .epoch = "e1"}, kEverything);
  REQUIRE(latest.has_value());
  CHECK(TestRoom::text_of(latest->events) == "d");
  CHECK(latest->end.number == test.room.top().number);
  CHECK(test.room.recover({.offset = 4, .epoch = "e1"}, kEverything)->events.empty());
  // A client that was never here says so with an empty epoch.
  CHECK(TestRoom::text_of(test.room.recover({}, kEverything)->events) == "d");
}

TEST_CASE("history: pages by cursor in both directions") {
  TestRoom test(with_history(5));
  publish_letters(test, 'a', 'h');
  const auto page = [&](HistoryQuery query) {
    return TestRoom::text_of(test.room.read_history(query, kEverything));
  };
  CHECK(page({.since = {}, .limit = 0}) == "");
  CHECK(page({.since = {}, .limit = 2}) == "d e");
  CHECK(page({.since = {}, .limit = 99}) == "d e f g h");
  CHECK(page({.since = StreamPosition{5, "e1"}, .limit = 2}) == "f g");
  CHECK(page({.since = StreamPosition{8, "e1"}, .limit = 2}) == "");
  CHECK(page({.since = {}, .limit = 2, .reverse = true}) == "h g");
  CHECK(page({.since = StreamPosition{6, "e1"}, .limit = 99, .reverse = true}) == "e d");
}

TEST_CASE("history: a position fits its own epoch or none, up to the top") {
  TestRoom test(with_history(5));
  publish_letters(test, 'a', 'c');
  CHECK(test.room.position_fits({.offset = 3, .epoch = "e1"}));
  CHECK(test.room.position_fits({.offset = 3, .epoch = ""}));
  CHECK_FALSE(test.room.position_fits({.offset = 4, .epoch = "e1"}));
  CHECK_FALSE(test.room.position_fits({.offset = 3, .epoch = "e2"}));
}

}  // namespace
}  // namespace madang
