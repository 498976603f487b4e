// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "madang/testing/message_store/messages.h"
#include "madang/testing/message_store/trial.h"

namespace madang::conformance {

// All messages of a room, gathered by pages of `messages_max` and `bytes_max` as a reader would.
inline std::vector<StoredMessage> by_pages(Trial& trial, MessageStore& store, PageRequest request) {
  std::vector<StoredMessage> all;
  for (int pages = 0; pages < 1000; ++pages) {
    const auto page = trial.read(store, request);
    trial.expect(page.messages.size() <= request.messages_max, "a page is too long");
    if (page.messages.empty()) return all;
    all.insert(all.end(), page.messages.begin(), page.messages.end());
    request.cursor = all.back().offset;
  }
  trial.expect(false, "the pages have no end");
  return all;
}

inline std::vector<StoredMessage> backwards(std::vector<StoredMessage> messages) {
  std::reverse(messages.begin(), messages.end());
  return messages;
}

inline void read_pages_by_count(Trial& trial) {
  auto store = trial.open();
  const auto sent = messages("room", 1, 23);
  if (store == nullptr || !trial.append(*store, sent)) return;
  for (const std::size_t count : {1, 5, 23, 24}) {
    const auto up = by_pages(trial, *store, page_of("room", 0, Direction::kUp, count));
    trial.expect(same_messages(up, sent), "up, by pages, came " + names_of(up));
    const auto down = by_pages(trial, *store, page_of("room", 24, Direction::kDown, count));
    trial.expect(same_messages(down, backwards(sent)), "down, by pages, came " + names_of(down));
  }
  const auto page = trial.read(*store, page_of("room", 3, Direction::kUp, 5));
  trial.expect(page.messages.size() == 5,
               "a page has " + std::to_string(page.messages.size()) + " of 5 messages that fit");
}

inline void read_pages_by_bytes(Trial& trial) {
  auto store = trial.open();
  if (store == nullptr) return;
  MessageBatch sent;
  for (std::uint64_t offset = 1; offset <= 12; ++offset) {
    sent.push_back(message("room", offset, std::string(offset == 6 ? 100'000 : 10'000, 'x')));
  }
  if (!trial.append(*store, sent)) return;
  for (const std::size_t bytes : {std::size_t{0}, std::size_t{1}, std::size_t{35'000}}) {
    const auto up = by_pages(trial, *store, page_of("room", 0, Direction::kUp, 100, bytes));
    trial.expect(same_messages(up, sent), "up, by pages, came " + names_of(up));
    const auto down = by_pages(trial, *store, page_of("room", 13, Direction::kDown, 100, bytes));
    trial.expect(same_messages(down, backwards(sent)), "down, by pages, came " + names_of(down));
  }
  const auto size = [&](std::uint64_t cursor, std::size_t bytes) {
    return trial.read(*store, page_of("room", cursor, Direction::kUp, 100, bytes)).messages.size();
  };
  trial.expect(size(0, 35'000) == 3, "not three of 10,000 bytes are in 35,000");
  trial.expect(size(4, 35'000) == 1, "a page goes on behind a message that does not fit");
  trial.expect(size(5, 1) == 1, "one message does not fit alone");
}

inline void read_takes_any_cursor(Trial& trial) {
  auto store = trial.open();
  const auto sent = messages("room", 1, 5);
  if (store == nullptr || !trial.append(*store, sent)) return;
  const auto check = [&](std::uint64_t cursor, Direction direction, std::uint64_t first,
                         std::uint64_t last) {
    const auto page = trial.read(*store, page_of("room", cursor, direction));
    auto wanted = messages("room", first, last);
    if (direction == Direction::kDown) wanted = backwards(std::move(wanted));
    trial.expect(same_messages(page.messages, wanted),
                 (direction == Direction::kUp ? "above " : "below ") + std::to_string(cursor) +
                     " is " + names_of(page.messages));
  };
  check(0, Direction::kUp, 1, 5);
  check(4, Direction::kUp, 5, 5);
  check(5, Direction::kUp, 1, 0);
  check(6, Direction::kUp, 1, 0);
  check(kOffsetMax, Direction::kUp, 1, 0);
  check(0, Direction::kDown, 1, 0);
  check(1, Direction::kDown, 1, 0);
  check(2, Direction::kDown, 1, 1);
  check(5, Direction::kDown, 1, 4);
  check(6, Direction::kDown, 1, 5);
  check(kOffsetMax, Direction::kDown, 1, 5);
}

inline void read_knows_no_room(Trial& trial) {
  auto store = trial.open();
  if (store == nullptr || !trial.append(*store, messages("roomy", 1, 1))) return;
  for (const auto direction : {Direction::kUp, Direction::kDown}) {
    const auto page = trial.read(*store, page_of("room", 3, direction));
    trial.expect(page.messages.empty(), "there is " + names_of(page.messages));
    trial.expect(page.first == 1, "first is " + std::to_string(page.first));
  }
}

// A thread that pages while another appends gets what was stored, in order and without a hole.
inline void read_while_appending(Trial& trial) {
  auto store = trial.open();
  if (store == nullptr) return;
  constexpr std::uint64_t kLast = 200;
  std::atomic<bool> writing{true};
  std::string complaint;
  std::thread reader([&] {
    for (bool again = true; again && complaint.empty();) {
      again = writing;
      std::vector<StoredMessage> all;
      for (std::uint64_t cursor = 0;;) {
        Awaited<StoredPage> page;
        store->read(page_of("room", cursor, Direction::kUp, 50), page.callback());
        const auto answer = page.wait(trial.under_test().answer_time_max());
        if (!answer.ok()) complaint = "read() answered " + answer.status().ToString();
        if (!answer.ok() || answer->messages.empty()) break;
        all.insert(all.end(), answer->messages.begin(), answer->messages.end());
        cursor = all.back().offset;
      }
      if (complaint.empty() && !same_messages(all, messages("room", 1, all.size()))) {
        complaint = "got " + names_of(all);
      }
      if (!again && all.size() != kLast) complaint = "what was stored is missing";
    }
  });
  for (std::uint64_t offset = 1; offset <= kLast; offset += 4) {
    if (!trial.append(*store, messages("room", offset, offset + 3))) break;
  }
  writing = false;
  reader.join();
  trial.expect(complaint.empty(), complaint);
}

inline void remove_up_to_an_offset(Trial& trial) {
  auto store = trial.open();
  if (store == nullptr || !trial.append(*store, messages("room", 1, 9)) ||
      !trial.append(*store, messages("room2", 1, 9)) || !trial.remove(*store, "room", 4)) {
    return;
  }
  for (int round = 0; round < 2; ++round) {
    const auto up = trial.read(*store, page_of("room", 0, Direction::kUp));
    trial.expect(same_messages(up.messages, messages("room", 5, 9)),
                 "left is " + names_of(up.messages));
    trial.expect(up.first == 5, "first is " + std::to_string(up.first));
    const auto down = trial.read(*store, page_of("room", 5, Direction::kDown));
    trial.expect(down.messages.empty() && down.first == 5, "below first is something");
    const auto other = trial.read(*store, page_of("room2", 0, Direction::kUp));
    trial.expect(other.messages.size() == 9 && other.first == 1, "another room lost messages");
    if (!trial.remove(*store, "room", 2) || !trial.remove(*store, "room", 4)) return;
    if (!trial.under_test().outlives_objects() || !trial.reopen(store)) return;
  }
}

inline void remove_keeps_top_and_epoch(Trial& trial) {
  auto store = trial.open();
  if (store == nullptr || !trial.append(*store, messages("room", 1, 9, "e9")) ||
      !trial.remove(*store, "room", kOffsetMax) || !trial.remove(*store, "unknown", 1)) {
    return;
  }
  for (int round = 0; round < 2; ++round) {
    const auto room = trial.load(*store, all_of("room"));
    trial.expect(room.top == 9, "top is " + std::to_string(room.top));
    trial.expect(room.epoch == "e9", "epoch is '" + room.epoch + "'");
    trial.expect(room.first == 10, "first is " + std::to_string(room.first));
    trial.expect(room.messages.empty(), "left is " + names_of(room.messages));
    const auto page = trial.read(*store, page_of("room", 0, Direction::kUp));
    trial.expect(page.messages.empty() && page.first == 10, "read() says otherwise than load()");
    if (trial.under_test().outlives_objects() && !trial.reopen(store)) return;
  }
  if (!trial.append(*store, messages("room", 10, 10, "e9"))) return;
  const auto page = trial.read(*store, page_of("room", 0, Direction::kUp));
  trial.expect(page.messages.size() == 1 && page.first == 10, "the next message is not there");
}

inline std::vector<Promise> read_promises() {
  return {
      {"read: pages of so many messages, up and down, are the whole room", read_pages_by_count},
      {"read: pages of so many bytes, up and down, are the whole room; one message always fits",
       read_pages_by_bytes},
      {"read: the cursor is not included, and may be anywhere", read_takes_any_cursor},
      {"read: a room that never was is empty", read_knows_no_room},
      {"read: one thread reads while another appends, and sees no hole", read_while_appending},
      {"remove: goes up to the offset and with it, in one room", remove_up_to_an_offset},
      {"remove: top and epoch stay, and the room goes on", remove_keeps_top_and_epoch},
  };
}

}  // namespace madang::conformance
