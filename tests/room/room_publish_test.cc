// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <string>

#include "room/room_fixture.h"

namespace madang {
namespace {

using Outcome = Room::PublishOutcome;

TEST_CASE("room: messages are numbered and offset without a gap, in the order of the calls") {
  TestRoom test(with_history(100));
  for (std::uint64_t i = 1; i <= 50; ++i) {
    const auto published = test.publish("m");
    CHECK(published.outcome == Outcome::kPublished);
    CHECK(published.offset == i);
  }
  const auto page = test.room.read_after({}, kEverything);
  REQUIRE(page.events.size() == 50);
  for (std::size_t i = 0; i < 50; ++i) {
    CHECK(page.events[i]->number == i + 1);
    CHECK(page.events[i]->offset == i + 1);
    CHECK(page.events[i]->messages == i + 1);
  }
  CHECK(test.room.position() == StreamPosition{.offset = 50, .epoch = "e1"});
}

TEST_CASE("room: without history no message has an offset, and the position stays at 0") {
  TestRoom test;
  CHECK(test.publish("m").offset == 0);
  CHECK(test.room.position().offset == 0);
  CHECK(test.room.top().number == 1);
  CHECK(test.room.top().messages == 1);
}

TEST_CASE("room: a message that is not kept takes a number and no offset") {
  TestRoom test(with_history(100));
  CHECK(test.publish("a").offset == 1);
  CHECK(test.publish("b", false).offset == 0);
  CHECK(test.publish("c").offset == 2);
  CHECK(test.read() == "a b c");
  CHECK(test.room.top().number == 3);
  CHECK(test.room.top().offset == 2);
  HistoryQuery all{.since = {}, .limit = 100};
  CHECK(TestRoom::text_of(test.room.read_history(all, kEverything)) == "a c");
}

TEST_CASE("room: an event carries what the publisher gave and the time it was told") {
  TestRoom test(with_history(10));
  Publication publication;
  publication.data = "data";
  publication.info = person("ann", 1);
  publication.tags = {{"lang", "ko"}};
  publication.exclude = client_number(1);
  const WallTime wall{std::chrono::milliseconds(1234)};
  test.room.publish(std::move(publication), 0, at_s(5), wall);
  const auto event = test.room.read_after({}, kEverything).events.at(0);
  CHECK(event->kind == EventKind::kMessage);
  CHECK(event->data.view() == "data");
  CHECK(event->info->user == "ann");
  CHECK(event->tags == Tags{{"lang", "ko"}});
  CHECK(event->exclude == client_number(1));
  CHECK(event->appended == at_s(5));
  CHECK(event->time == wall);
}

TEST_CASE("room: full while a reader has not read the oldest, open as soon as it has") {
  RoomOptions options = with_history(100);
  options.tail_events_max = 4;
  TestRoom test(options);
  test.read_number = 0;
  for (int i = 0; i < 4; ++i)
    CHECK(test.publish("m").outcome == Outcome::kPublished);
  CHECK(test.publish("m").outcome == Outcome::kFull);
  CHECK(test.room.top().number == 4);
  CHECK(test.room.position().offset == 4);
  test.read_number = 1;
  CHECK(test.publish("m").outcome == Outcome::kPublished);
  CHECK(test.publish("m").outcome == Outcome::kFull);
  test.read_number = 5;
  CHECK(test.publish("m").offset == 6);
}

TEST_CASE("room: full by bytes too, yet one message larger than the bound passes") {
  RoomOptions options;
  options.tail_bytes_max = 2'000;
  TestRoom test(options);
  test.read_number = 0;
  CHECK(test.publish(std::string(5'000, 'x')).outcome == Outcome::kPublished);
  CHECK(test.publish("m").outcome == Outcome::kFull);
  test.read_number = 1;
  CHECK(test.publish("m").outcome == Outcome::kPublished);
}

TEST_CASE("room: the same key within its time changes nothing and is answered as the first") {
  RoomOptions options = with_history(100);
  options.idempotency_ttl = std::chrono::seconds(60);
  TestRoom test(options);
  const auto publish = [&](const char* key, MonoTime now) {
    Publication publication;
    publication.data = "m";
    publication.idempotency_key = key;
    return test.room.publish(std::move(publication), 100, now, {});
  };
  CHECK(publish("k", at_s(0)).offset == 1);
  CHECK(publish("other", at_s(0)).offset == 2);
  const auto again = publish("k", at_s(59));
  CHECK(again.outcome == Outcome::kDuplicate);
  CHECK(again.offset == 1);
  CHECK(test.room.position().offset == 2);
  const auto later = publish("k", at_s(60));
  CHECK(later.outcome == Outcome::kPublished);
  CHECK(later.offset == 3);
}

TEST_CASE("room: a publish refused because the room is full is not remembered by its key") {
  RoomOptions options;
  options.tail_events_max = 1;
  TestRoom test(options);
  test.publish("first");
  Publication publication;
  publication.idempotency_key = "k";
  CHECK(test.room.publish(publication, 0, test.now, {}).outcome == Outcome::kFull);
  CHECK(test.room.publish(publication, 1, test.now, {}).outcome == Outcome::kPublished);
}

TEST_CASE("room: a duplicate is told apart even while the room is full") {
  RoomOptions options = with_history(10);
  options.tail_events_max = 1;
  TestRoom test(options);
  Publication publication;
  publication.idempotency_key = "k";
  test.room.publish(publication, 0, test.now, {});
  const auto again = test.room.publish(publication, 0, test.now, {});
  CHECK(again.outcome == Outcome::kDuplicate);
  CHECK(again.offset == 1);
}

TEST_CASE("room: expiry lets go of old history, keys and what every reader has of the tail") {
  RoomOptions options = with_history(100);
  options.history.age_max = std::chrono::seconds(10);
  options.idempotency_ttl = std::chrono::seconds(20);
  options.tail_age_max = std::chrono::seconds(30);
  TestRoom test(options);
  CHECK_FALSE(test.room.next_expiry().has_value());
  Publication publication;
  publication.data = "a";
  publication.idempotency_key = "k";
  test.room.publish(std::move(publication), 0, at_s(0), {});

  CHECK(test.room.next_expiry() == at_s(10));
  test.room.expire(at_s(10), 0);
  CHECK(test.room.next_expiry() == at_s(20));
  test.room.expire(at_s(20), 0);
  CHECK(test.room.next_expiry() == at_s(30));
  test.room.expire(at_s(30), 0);  // a reader still needs it
  CHECK(test.read() == "a");
  test.room.expire(at_s(30), 1);
  CHECK_FALSE(test.room.next_expiry().has_value());
  CHECK(test.room.read_after({}, kEverything).status == ReadStatus::kLost);
  CHECK(test.read(test.room.top()) == "");
}

TEST_CASE("room: members are counted whether or not it knows them by name") {
  TestRoom test;
  test.room.enter(person("ann", 1));
  test.room.enter(person("bob", 2));
  CHECK(test.room.members() == 2);
  CHECK(test.room.presence().stats() == PresenceStats{});
  test.room.leave(client_number(1));
  CHECK(test.room.members() == 1);
  CHECK_FALSE(test.room.has_announcements());
}

}  // namespace
}  // namespace madang
