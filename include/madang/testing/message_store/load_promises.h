// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "madang/testing/message_store/messages.h"
#include "madang/testing/message_store/trial.h"

namespace madang::conformance {

inline void load_knows_no_room(Trial& trial) {
  auto store = trial.open();
  if (store == nullptr || !trial.append(*store, messages("roomy", 1, 1))) return;
  const auto room = trial.load(*store, all_of("room"));
  trial.expect(room.top == 0, "top is " + std::to_string(room.top));
  trial.expect(room.first == 1, "first is " + std::to_string(room.first));
  trial.expect(room.epoch.empty(), "there is an epoch");
  trial.expect(room.messages.empty() && room.keys.empty(), "there are messages or keys");
}

inline void load_answers_top_and_epoch(Trial& trial) {
  auto store = trial.open();
  if (store == nullptr || !trial.append(*store, messages("room", 1, 4)) ||
      !trial.append(*store, messages("room", 5, 6, "e2"))) {
    return;
  }
  for (int round = 0; round < 2; ++round) {
    // What is asked for beside does not change what the room is.
    for (const std::size_t count : {std::size_t{0}, kEverything}) {
      auto request = all_of("room");
      request.messages_max = count;
      const auto room = trial.load(*store, request);
      trial.expect(room.top == 6, "top is " + std::to_string(room.top));
      trial.expect(room.epoch == "e2", "epoch is '" + room.epoch + "'");
      trial.expect(room.first == 1, "first is " + std::to_string(room.first));
    }
    if (!trial.under_test().outlives_objects() || !trial.reopen(store)) return;
  }
}

inline void load_answers_the_newest(Trial& trial) {
  auto store = trial.open();
  if (store == nullptr) return;
  MessageBatch sent;
  for (std::uint64_t offset = 1; offset <= 9; ++offset)
    sent.push_back(message("room", offset, std::string(10'000, 'x')));
  if (!trial.append(*store, sent)) return;
  const auto check = [&](std::size_t count, std::size_t bytes, WallTime since, std::size_t expected,
                         const char* bound) {
    auto request = all_of("room");
    request.messages_max = count;
    request.bytes_max = bytes;
    request.since = since;
    const auto room = trial.load(*store, request);
    const std::vector<StoredMessage> newest(sent.end() - static_cast<std::ptrdiff_t>(expected),
                                            sent.end());
    trial.expect(same_messages(room.messages, newest),
                 "bounded by " + std::string(bound) + " came " + names_of(room.messages));
  };
  check(100, kEverything, long_ago(), 9, "nothing");
  check(4, kEverything, long_ago(), 4, "a count");
  check(0, kEverything, long_ago(), 0, "a count of 0");
  check(100, 35'000, long_ago(), 3, "bytes");
  check(100, 1, long_ago(), 0, "one byte");
  check(100, kEverything, sent[7].time, 2, "a time");
  check(100, kEverything, sent[8].time + std::chrono::milliseconds(1), 0, "a time after all");
}

inline void load_answers_the_newest_keys(Trial& trial) {
  auto store = trial.open();
  if (store == nullptr) return;
  auto sent = messages("room", 1, 12);
  for (const std::size_t i : {0, 3, 4, 8, 9})
    sent[i].idempotency_key = "key of " + std::to_string(i + 1);
  if (!trial.append(*store, sent)) return;
  for (int round = 0; round < 2; ++round) {
    const auto check = [&](std::size_t count, WallTime since, std::vector<std::size_t> expected) {
      auto request = all_of("room");
      request.messages_max = 1;  // keys are found beyond the messages
      request.keys_max = count;
      request.keys_since = since;
      const auto keys = trial.load(*store, request).keys;
      std::string came;
      bool same = keys.size() == expected.size();
      for (std::size_t i = 0; i < keys.size(); ++i) {
        came += " " + keys[i].key;
        same = same && keys[i].key == sent[expected[i]].idempotency_key &&
               keys[i].offset == sent[expected[i]].offset && keys[i].time == sent[expected[i]].time;
      }
      trial.expect(same, "of up to " + std::to_string(count) + " keys came:" + came);
    };
    check(100, long_ago(), {0, 3, 4, 8, 9});
    check(3, long_ago(), {4, 8, 9});
    check(0, long_ago(), {});
    check(100, sent[4].time, {4, 8, 9});
    check(100, sent[11].time, {});
    if (!trial.under_test().outlives_objects() || !trial.reopen(store)) return;
  }
}

inline std::vector<Promise> load_promises() {
  return {
      {"load: a room that never was has top 0", load_knows_no_room},
      {"load: top and epoch are those of the newest message", load_answers_top_and_epoch},
      {"load: the newest messages within count, bytes and time, in order", load_answers_the_newest},
      {"load: the newest keys within count and time, the oldest first",
       load_answers_the_newest_keys},
  };
}

}  // namespace madang::conformance
