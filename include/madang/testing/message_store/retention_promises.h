// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "madang/testing/message_store/messages.h"
#include "madang/testing/message_store/trial.h"

namespace madang::conformance {

inline bool same_summary(const RoomSummary& a, const RoomSummary& b) {
  const bool empty = a.first == a.top + 1;
  return a.room == b.room && a.first == b.first && a.top == b.top && a.epoch == b.epoch &&
         (empty || a.oldest == b.oldest);
}

inline void retention_is_offered(Trial& trial) {
  auto store = trial.open();
  if (store != nullptr) trial.expect(store->retention() != nullptr, "retention() is null");
}

inline void rooms_come_in_order(Trial& trial) {
  auto store = trial.open();
  if (store == nullptr) return;
  trial.expect(trial.rooms(*store, "", 10).empty(), "there are rooms at the start");
  auto names = odd_room_names();
  MessageBatch batch;
  for (const auto& name : names)
    batch.push_back(message(name, 1));
  if (!trial.append(*store, batch)) return;
  std::sort(names.begin(), names.end());  // as unsigned bytes
  for (const std::size_t count : {1, 7, 100}) {
    std::vector<std::string> all;
    for (std::size_t pages = 0; pages <= names.size(); ++pages) {
      const auto page = trial.rooms(*store, all.empty() ? "" : all.back(), count);
      if (!trial.expect(page.size() <= count, "a page is too long") || page.empty()) break;
      for (const auto& summary : page)
        all.push_back(summary.room);
      if (!trial.expect(all.size() <= names.size(), "a room comes twice")) return;
    }
    trial.expect(all == names, "by pages of " + std::to_string(count) + " came " +
                                   std::to_string(all.size()) +
                                   " rooms, not all or in another order");
  }
}

inline void rooms_are_summed_up(Trial& trial) {
  auto store = trial.open();
  if (store == nullptr || !trial.append(*store, messages("cut", 1, 9)) ||
      !trial.append(*store, messages("empty", 1, 3, "e2")) ||
      !trial.append(*store, messages("whole", 1, 2, "e3")) || !trial.remove(*store, "cut", 4) ||
      !trial.remove(*store, "empty", 3)) {
    return;
  }
  const std::vector<RoomSummary> wanted{
      {.room = "cut", .first = 5, .top = 9, .epoch = "e1", .oldest = message("cut", 5).time},
      {.room = "empty", .first = 4, .top = 3, .epoch = "e2"},
      {.room = "whole", .first = 1, .top = 2, .epoch = "e3", .oldest = message("whole", 1).time},
  };
  for (int round = 0; round < 2; ++round) {
    const auto rooms = trial.rooms(*store, "", 10);
    trial.expect(rooms.size() == 3, "not three rooms came");
    for (std::size_t i = 0; i < rooms.size() && i < wanted.size(); ++i) {
      trial.expect(same_summary(rooms[i], wanted[i]), "'" + rooms[i].room + "' is summed up wrong");
    }
    if (!trial.under_test().outlives_objects() || !trial.reopen(store)) return;
  }
}

inline void expire_is_bounded(Trial& trial) {
  auto store = trial.open();
  if (store == nullptr) return;
  // In each of ten rooms are five messages older than the sixth millisecond, and four others.
  MessageBatch batch;
  for (int room = 0; room < 10; ++room) {
    const auto more = messages("room" + std::to_string(room), 1, 9);
    batch.insert(batch.end(), more.begin(), more.end());
  }
  if (!trial.append(*store, batch)) return;
  const auto left = [&] {
    std::size_t count = 0;
    for (int room = 0; room < 10; ++room) {
      const auto name = "room" + std::to_string(room);
      const auto page = trial.read(*store, page_of(name, 0, Direction::kUp));
      count += page.messages.size();
      trial.expect(!page.messages.empty() && page.first == page.messages.front().offset,
                   "first is not the oldest that is left");
    }
    return count;
  };
  const auto before = at_ms(6);
  trial.expect(trial.expire(*store, long_ago(), 100) == 0, "removed what is not old");
  std::size_t removed = 0;
  for (const std::size_t expected : {17, 17, 16, 0}) {
    const auto now = trial.expire(*store, before, 17);
    trial.expect(now == expected, "removed " + std::to_string(now) + " of " +
                                      std::to_string(50 - removed) + ", with a bound of 17");
    removed += now;
    if (!trial.expect(left() == 90 - removed, "removed other than it says")) return;
  }
  for (int round = 0; round < 2; ++round) {
    for (int room = 0; room < 10; ++room) {
      const auto stored = trial.load(*store, all_of("room" + std::to_string(room)));
      trial.expect(stored.top == 9 && stored.first == 6 && stored.messages.size() == 4,
                   "a room keeps other messages than those young enough");
    }
    if (!trial.under_test().outlives_objects() || !trial.reopen(store)) return;
  }
}

inline void expire_keeps_top_and_epoch(Trial& trial) {
  auto store = trial.open();
  if (store == nullptr || !trial.append(*store, messages("room", 1, 9, "e9"))) return;
  trial.expect(trial.expire(*store, at_ms(1'000), 100) == 9, "not all is removed");
  for (int round = 0; round < 2; ++round) {
    const auto room = trial.load(*store, all_of("room"));
    trial.expect(room.top == 9 && room.epoch == "e9" && room.first == 10,
                 "the room lost its top, its epoch or its end");
    const auto rooms = trial.rooms(*store, "", 10);
    trial.expect(rooms.size() == 1 && rooms[0].top == 9, "the room is gone from rooms()");
    if (!trial.under_test().outlives_objects() || !trial.reopen(store)) return;
  }
}

inline void expire_after_close_is_refused(Trial& trial) {
  auto store = trial.open();
  if (store == nullptr || !trial.append(*store, messages("room", 1, 9))) return;
  if (!trial.expect_ok(trial.try_close(*store), "close()")) return;
  trial.expect(!trial.try_expire(*store, at_ms(1'000), 100).ok(), "it was done");
  store.reset();
  if (!trial.under_test().outlives_objects()) return;
  store = trial.open();
  if (store == nullptr) return;
  trial.expect(trial.read(*store, page_of("room", 0, Direction::kUp)).messages.size() == 9,
               "messages are gone");
}

inline std::vector<Promise> retention_promises() {
  return {
      {"retention: is offered", retention_is_offered},
      {"rooms: all come by pages, in the order of their bytes", rooms_come_in_order},
      {"rooms: each with first, top, epoch and the time of its oldest message",
       rooms_are_summed_up},
      {"expire: removes so many older messages in one call, and says how many", expire_is_bounded},
      {"expire: top and epoch stay", expire_keeps_top_and_epoch},
      {"expire: after close() it is refused, and removes nothing", expire_after_close_is_refused},
  };
}

}  // namespace madang::conformance
