// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "madang/base/random.h"
#include "room/room_fixture.h"

namespace madang {
namespace {

RoomOptions small(std::size_t tail, std::size_t history) {
  RoomOptions options = with_history(history);
  options.tail_events_max = tail;
  return options;
}

TEST_CASE("read: from the tail, page by page") {
  TestRoom test;
  for (const char* data : {"a", "b", "c", "d", "e"})
    test.publish(data);
  const PageBounds pages_of_2{.messages_max = 2, .bytes_max = 1u << 20};
  auto page = test.room.read_after({}, pages_of_2);
  CHECK(TestRoom::text_of(page.events) == "a b");
  CHECK(page.status == ReadStatus::kMore);
  page = test.room.read_after(page.end, pages_of_2);
  CHECK(TestRoom::text_of(page.events) == "c d");
  CHECK(page.status == ReadStatus::kMore);
  page = test.room.read_after(page.end, pages_of_2);
  CHECK(TestRoom::text_of(page.events) == "e");
  CHECK(page.status == ReadStatus::kEnd);
  page = test.room.read_after(page.end, pages_of_2);
  CHECK(page.events.empty());
  CHECK(page.status == ReadStatus::kEnd);
}

TEST_CASE("read: a page is bounded by bytes, and the first event always fits") {
  TestRoom test;
  for (int i = 0; i < 3; ++i)
    test.publish(std::string(1'000, 'x'));
  const auto page = test.room.read_after({}, {.messages_max = 100, .bytes_max = 10});
  CHECK(page.events.size() == 1);
  CHECK(page.status == ReadStatus::kMore);
  const auto two = test.room.read_after({}, {.messages_max = 100, .bytes_max = 2'900});
  CHECK(two.events.size() == 2);
}

TEST_CASE("read: behind the tail without history is lost") {
  TestRoom test(small(2, 0));
  for (const char* data : {"a", "b", "c"})
    test.publish(data);
  const auto lost = test.room.read_after({}, kEverything);
  CHECK(lost.status == ReadStatus::kLost);
  CHECK(lost.events.empty());
  CHECK(test.read({.number = 1, .offset = 0, .messages = 1}) == "b c");
}

TEST_CASE("read: behind the tail the history goes on, and the tail after it") {
  TestRoom test(small(2, 10));
  for (const char* data : {"a", "b", "c", "d", "e"})
    test.publish(data);
  auto page = test.room.read_after({.number = 1, .offset = 1, .messages = 1}, kEverything);
  CHECK(TestRoom::text_of(page.events) == "b c");
  CHECK(page.status == ReadStatus::kMore);
  page = test.room.read_after(page.end, kEverything);
  CHECK(TestRoom::text_of(page.events) == "d e");
  CHECK(page.status == ReadStatus::kEnd);
}

TEST_CASE("read: lost where the history no longer reaches back either") {
  TestRoom test(small(2, 3));
  for (const char* data : {"a", "b", "c", "d", "e"})
    test.publish(data);
  CHECK(test.room.read_after({.number = 1, .offset = 1, .messages = 1}, kEverything).status ==
        ReadStatus::kLost);
  CHECK(test.room.read_after({.number = 2, .offset = 2, .messages = 2}, kEverything).status !=
        ReadStatus::kLost);
}

TEST_CASE("read: a message that was not kept is skipped behind the tail, and counted") {
  TestRoom test(small(2, 10));
  test.publish("a");
  test.publish("typing", false);
  test.publish("b");
  test.publish("c");
  test.publish("d");
  auto page = test.room.read_after({.number = 1, .offset = 1, .messages = 1}, kEverything);
  CHECK(TestRoom::text_of(page.events) == "b");
  CHECK(page.end.messages == 3);
}

TEST_CASE("read: a reader that missed only what is not kept goes on at the tail") {
  TestRoom test(small(2, 10));
  test.publish("a");
  const Cursor reader = test.room.top();
  for (int i = 0; i < 5; ++i)
    test.publish("typing", false);
  const auto page = test.room.read_after(reader, kEverything);
  CHECK(TestRoom::text_of(page.events) == "typing typing");
  CHECK(page.status == ReadStatus::kEnd);
  CHECK(page.end.number == test.room.top().number);
}

TEST_CASE("read: the oldest cursor is before the tail, the newest before the last message") {
  RoomOptions options = small(4, 0);
  options.announce = Announce::kBySession;
  TestRoom test(options);
  CHECK(test.room.oldest_cursor().number == 0);
  CHECK(test.room.newest_cursor().number == 0);
  for (const char* data : {"a", "b", "c", "d", "e", "f"})
    test.publish(data);
  CHECK(test.read(test.room.oldest_cursor()) == "c d e f");
  CHECK(test.read(test.room.newest_cursor()) == "f");
  test.room.enter(person("ann", 1));
  test.announce();
  CHECK(test.read(test.room.newest_cursor()) == "f +ann/1");
  CHECK(test.room.newest_cursor().messages == 5);
}

TEST_CASE("read: a lane goes on from the number it has read up to") {
  TestRoom test(small(10, 10));
  for (const char* data : {"a", "b", "c"})
    test.publish(data);
  Cursor begin;
  const auto page = test.room.read_tail(1, kEverything, begin);
  CHECK(TestRoom::text_of(page.events) == "b c");
  CHECK(begin.number == 1);
  CHECK(begin.offset == 1);
  CHECK(begin.messages == 1);
  CHECK(page.end.number == 3);
}

TEST_CASE("read: a lane that stood still goes on with the oldest event, even if none is left") {
  RoomOptions options = small(2, 10);
  options.tail_age_max = std::chrono::seconds(10);
  TestRoom test(options);
  for (const char* data : {"a", "b", "c", "d"})
    test.publish(data);
  Cursor begin;
  CHECK(TestRoom::text_of(test.room.read_tail(1, kEverything, begin).events) == "c d");
  CHECK(begin.number == 2);
  test.room.expire(at_s(10), test.read_number);
  const auto page = test.room.read_tail(1, kEverything, begin);
  CHECK(page.events.empty());
  CHECK(begin.number == 4);
  CHECK(page.end.number == 4);
}

TEST_CASE("read: a tail that was let go of is behind everybody, and the history still serves") {
  TestRoom test(small(10, 2));
  for (const char* data : {"a", "b", "c"})
    test.publish(data);
  test.room.forget_tail();
  CHECK(test.room.read_after({}, kEverything).status == ReadStatus::kLost);
  CHECK(test.read({.number = 1, .offset = 1, .messages = 1}) == "b c");
  CHECK(test.publish("d").offset == 4);
  CHECK(test.room.top().number == 4);
}

TEST_CASE("room: says beforehand when the next append may have to drop something") {
  RoomOptions options;
  options.tail_events_max = 3;
  options.announce = Announce::kBySession;
  TestRoom test(options);
  CHECK_FALSE(test.room.wants_space());
  test.publish("a");
  CHECK_FALSE(test.room.wants_space());
  test.room.enter(person("ann", 1));
  CHECK(test.room.wants_space());  // the announcement comes first
  test.room.leave(client_number(1));
  test.publish("b");
  CHECK(test.room.wants_space());
}

// One room beside the plainest model there is: all events for ever, and how much of them the tail
// and the history still hold.
class ReadModel {
 public:
  explicit ReadModel(std::uint64_t seed) : random_(seed), test_(drawn_options()) {
    test_.read_number = 1'000'000;
  }

  void run() {
    for (int step = 0; step < 400; ++step) {
      act();
      note_bounds();
      cursors_.push_back(test_.room.top());
      check_reader(cursors_[random_.below(cursors_.size())]);
    }
  }

 private:
  RoomOptions drawn_options() {
    RoomOptions options =
        small(1 + random_.below(12), random_.below(3) == 0 ? 0 : random_.below(30));
    options.announce = random_.below(2) == 0 ? Announce::kNever : Announce::kBySession;
    options.history.age_max = std::chrono::seconds(20);
    options.tail_age_max = std::chrono::seconds(10);
    return options;
  }

  void act() {
    const auto lot = random_.below(100);
    if (lot < 60) {
      test_.publish(std::string(random_.below(50), 'x'), random_.below(4) != 0);
    } else if (lot < 80) {
      test_.room.enter(person("u", ++clients_));
      test_.announce();
      note_new();
      if (random_.below(2) == 0) test_.room.leave(client_number(clients_));
      test_.announce();
    } else if (lot < 95) {
      test_.now += std::chrono::seconds(random_.below(6));
      test_.room.expire(test_.now, test_.read_number);
    } else {
      test_.room.clear_history(test_.room.position().offset);
    }
    note_new();
  }

  // Called after each event, so that the tail still has it.
  void note_new() {
    const Cursor known =
        all_.empty() ? Cursor{} : Cursor{all_.back()->number, last_offset_, all_.back()->messages};
    for (const auto& event : test_.room.read_after(known, kEverything).events) {
      all_.push_back(event);
      last_offset_ = std::max(last_offset_, event->offset);
    }
  }

  void note_bounds() {
    tail_first_ = test_.room.oldest_cursor().number + 1;
    HistoryQuery all{.since = {}, .limit = 1'000'000};
    const auto kept = test_.room.read_history(all, kEverything);
    history_first_ = kept.empty() ? test_.room.position().offset + 1 : kept.front()->offset;
  }

  // What a reader at `cursor` is to get; nothing if it is lost.
  std::optional<std::vector<EventRef>> expected_after(const Cursor& cursor) const {
    std::vector<EventRef> expected;
    for (const auto& event : all_) {
      if (event->number <= cursor.number) continue;
      if (event->number < tail_first_) {
        if (!test_.room.options().has_positions()) return std::nullopt;
        if (event->offset == 0) continue;
        if (event->offset < history_first_) return std::nullopt;
      }
      expected.push_back(event);
    }
    return expected;
  }

  void check_reader(Cursor cursor) {
    const auto expected = expected_after(cursor);
    const PageBounds bounds{.messages_max = 1 + random_.below(5),
                            .bytes_max = 1 + random_.below(2'000)};
    std::vector<EventRef> got;
    for (int pages = 0;; ++pages) {
      REQUIRE(pages <= 1'000);
      const auto page = test_.room.read_after(cursor, bounds);
      REQUIRE((page.status == ReadStatus::kLost) == !expected.has_value());
      if (!expected.has_value()) {
        REQUIRE(page.events.empty());
        return;
      }
      REQUIRE(page.events.size() <= bounds.messages_max);
      REQUIRE(page.end.number >= cursor.number);
      got.insert(got.end(), page.events.begin(), page.events.end());
      cursor = page.end;
      if (page.status == ReadStatus::kEnd) break;
    }
    REQUIRE(got == *expected);
    REQUIRE(cursor.number == test_.room.top().number);
    REQUIRE(cursor.offset == test_.room.top().offset);
    REQUIRE(cursor.messages == test_.room.top().messages);
  }

  SeededRandom random_;
  TestRoom test_;
  std::vector<EventRef> all_;
  std::vector<Cursor> cursors_{Cursor{}};
  std::uint64_t last_offset_ = 0;
  std::uint64_t tail_first_ = 1;
  std::uint64_t history_first_ = 1;
  std::uint64_t clients_ = 0;
};

TEST_CASE("read: from any cursor at any time a reader gets what a plain list would give it") {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    CAPTURE(seed);
    ReadModel(seed).run();
  }
}

}  // namespace
}  // namespace madang
