// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "madang/testing/message_store/messages.h"
#include "madang/testing/message_store/trial.h"

namespace madang::conformance {

// Messages that differ from `one` in one thing each.
inline std::vector<StoredMessage> others_than(const StoredMessage& one) {
  std::vector<StoredMessage> others(8, one);
  others[0].epoch += "x";
  others[1].time += std::chrono::milliseconds(1);
  others[2].data = std::string(one.data.view()) + "x";
  others[3].info = nullptr;
  auto info = *one.info;
  info.room_info = "x";
  others[4].info = std::make_shared<const ClientInfo>(info);
  others[5].tags.clear();
  std::swap(others[6].tags[0], others[6].tags[1]);
  others[7].idempotency_key.clear();
  return others;
}

// A message with something in every field.
inline StoredMessage full_message(std::string_view room, std::uint64_t offset) {
  auto full = message(room, offset);
  full.info =
      std::make_shared<const ClientInfo>(ClientInfo{.user = "ann",
                                                    .client = ClientId::from_bits(7, offset),
                                                    .connection_info = R"({"name":"Ann"})",
                                                    .room_info = "[1]"});
  full.tags = {{"b", "2"}, {"a", "1"}};
  full.idempotency_key = "key";
  return full;
}

// Messages whose fields hold what is apt to be lost or changed on the way.
inline MessageBatch odd_messages(std::string_view room) {
  using namespace std::string_literals;
  MessageBatch batch;
  const auto next = [&]() -> StoredMessage& {
    batch.push_back(message(room, batch.size() + 1));
    return batch.back();
  };
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte)
    bytes.push_back(static_cast<char>(byte));
  for (const auto& data : {""s, "\0"s, "nul\0inside\0"s, bytes, "null"s, "'\"\\%_"s,
                           std::string(64 * 1024 + 1, 'k'), std::string(1024 * 1024, '\0')}) {
    next().data = data;
  }
  next().data = Payload("a slice of more").slice(2, 5);
  for (const std::int64_t ms :
       {std::int64_t{-1}, std::int64_t{0}, std::int64_t{-62'135'596'800'000},
        std::int64_t{253'402'300'799'999}}) {
    next().time = WallTime(std::chrono::milliseconds(ms));
  }
  next().tags = {{"", ""}, {"b", "quote'\"\\"}, {"a", "line\n"}, {"a", "again"}, {"마당", "안녕"}};
  next().tags = {{bytes, bytes}};
  next().info = std::make_shared<const ClientInfo>();
  next().info = std::make_shared<const ClientInfo>(
      ClientInfo{.user = bytes,
                 .client = ClientId::from_bits(~std::uint64_t{0}, ~std::uint64_t{0}),
                 .connection_info = bytes,
                 .room_info = ""});
  next().idempotency_key = "publish:'ann'\\:" + bytes;
  batch.push_back(full_message(room, batch.size() + 1));
  next().epoch = "e2";
  batch.push_back(message(room, kOffsetMax));
  return batch;
}

inline void append_keeps_every_field(Trial& trial) {
  auto store = trial.open();
  const auto batch = odd_messages("room");
  if (store == nullptr || !trial.append(*store, batch)) return;
  for (int round = 0; round < 2; ++round) {
    const auto read = trial.read(*store, page_of("room", 0, Direction::kUp));
    trial.expect(read.messages.size() == batch.size(), "not every message is there");
    for (std::size_t i = 0; i < read.messages.size() && i < batch.size(); ++i) {
      trial.expect(same_message(read.messages[i], batch[i]),
                   "a message changed, number " + std::to_string(i) + " of odd_messages()");
    }
    const auto loaded = trial.load(*store, all_of("room"));
    trial.expect(same_messages(loaded.messages, batch),
                 "load() answers other messages than read()");
    if (!trial.under_test().outlives_objects() || !trial.reopen(store)) return;
  }
}

inline void append_takes_any_room_name(Trial& trial) {
  auto store = trial.open();
  MessageBatch batch;
  for (const auto& name : odd_room_names())
    batch.push_back(message(name, batch.size() + 1, "in " + name));
  if (store == nullptr || !trial.append(*store, batch)) return;
  for (const auto& stored : batch) {
    const auto page = trial.read(*store, page_of(stored.room, 0, Direction::kUp));
    trial.expect(same_messages(page.messages, {stored}),
                 "in room '" + stored.room + "' is " + names_of(page.messages));
    trial.expect(trial.load(*store, all_of(stored.room)).top == stored.offset,
                 "room '" + stored.room + "' has another top");
  }
}

inline void append_keeps_order_across_rooms(Trial& trial) {
  auto store = trial.open();
  if (store == nullptr) return;
  MessageBatch batch;
  for (std::uint64_t offset = 1; offset <= 20; ++offset) {
    for (int room = 0; room < 100; ++room) {
      const auto name = "room" + std::to_string(room);
      batch.push_back(message(name, offset, name + " " + std::to_string(offset)));
    }
  }
  if (!trial.append(*store, batch)) return;
  for (int room = 0; room < 100; ++room) {
    std::vector<StoredMessage> sent;
    for (std::size_t i = static_cast<std::size_t>(room); i < batch.size(); i += 100)
      sent.push_back(batch[i]);
    const auto page = trial.read(*store, page_of(sent[0].room, 0, Direction::kUp));
    if (!trial.expect(same_messages(page.messages, sent), "got " + names_of(page.messages))) return;
  }
}

inline void append_again_is_fine(Trial& trial) {
  auto store = trial.open();
  if (store == nullptr) return;
  auto batch = odd_messages("room");
  batch.pop_back();
  const auto other = messages("other", 1, 3);
  batch.insert(batch.end(), other.begin(), other.end());
  for (int round = 0; round < 3; ++round) {
    if (!trial.append(*store, batch)) return;
    const auto page = trial.read(*store, page_of("room", 0, Direction::kUp));
    trial.expect(page.messages.size() == batch.size() - 3, "a message is there twice, or gone");
    trial.expect(trial.load(*store, all_of("other")).top == 3, "top is not the newest offset");
    if (round == 1 && trial.under_test().outlives_objects() && !trial.reopen(store)) return;
  }
}

inline void append_takes_what_is_stored_in_part(Trial& trial) {
  auto store = trial.open();
  if (store == nullptr || !trial.append(*store, messages("room", 1, 3))) return;
  auto batch = messages("room", 2, 5);
  const auto other = messages("new", 1, 2);
  batch.insert(batch.begin(), other.begin(), other.end());
  if (!trial.append(*store, batch)) return;
  const auto page = trial.read(*store, page_of("room", 0, Direction::kUp));
  trial.expect(same_messages(page.messages, messages("room", 1, 5)),
               "got " + names_of(page.messages));
  trial.expect(trial.load(*store, all_of("new")).top == 2, "the rest of the batch is missing");
}

inline void append_refuses_another_message(Trial& trial) {
  auto store = trial.open();
  const auto stored = full_message("room", 2);
  if (store == nullptr || !trial.append(*store, {message("room", 1), stored})) return;
  for (const auto& other : others_than(stored)) {
    const auto result = trial.try_append(*store, {message("room", 1), other, message("room", 3)});
    if (!trial.expect_ok(result.status(), "append()")) return;
    if (!trial.expect(result->refused.size() == 1, "not one message is refused")) return;
    trial.expect(result->refused[0].index == 1, "another message is said to be refused");
    trial.expect(absl::IsAlreadyExists(result->refused[0].status),
                 "refused with " + result->refused[0].status.ToString());
    const auto page = trial.read(*store, page_of("room", 1, Direction::kUp));
    trial.expect(same_messages(page.messages, {stored}), "left is " + names_of(page.messages));
  }
}

inline void append_stores_nothing_of_a_refused_batch(Trial& trial) {
  auto store = trial.open();
  if (store == nullptr || !trial.append(*store, messages("room", 1, 2))) return;
  MessageBatch batch{message("new", 1), message("room", 2, "other"), message("room", 3),
                     message("new", 2)};
  batch[2].epoch = "e2";
  const auto result = trial.try_append(*store, batch);
  if (!trial.expect_ok(result.status(), "append()")) return;
  trial.expect(!result->refused.empty(), "nothing is refused");
  for (int round = 0; round < 2; ++round) {
    const auto page = trial.read(*store, page_of("new", 0, Direction::kUp));
    trial.expect(page.messages.empty(), "stored " + names_of(page.messages));
    trial.expect(trial.load(*store, all_of("new")).top == 0, "another room has a top");
    const auto room = trial.load(*store, all_of("room"));
    trial.expect(
        room.top == 2 && room.epoch == "e1" && same_messages(room.messages, messages("room", 1, 2)),
        "the room of the refused message changed");
    if (!trial.under_test().outlives_objects() || !trial.reopen(store)) return;
  }
}

inline void append_gives_a_refused_place_to_another(Trial& trial) {
  auto store = trial.open();
  if (store == nullptr || !trial.append(*store, messages("room", 1, 2))) return;
  const auto refused =
      trial.try_append(*store, {message("room", 2, "other"), message("room", 3, "unseen")});
  if (!trial.expect_ok(refused.status(), "append()")) return;
  trial.append(*store, {message("room", 3, "seen")});
}

inline void append_fills_in_below_the_top(Trial& trial) {
  auto store = trial.open();
  if (store == nullptr || !trial.append(*store, messages("room", 7, 9, "e2"))) return;
  if (!trial.append(*store, messages("room", 1, 6))) return;
  const auto room = trial.load(*store, all_of("room"));
  trial.expect(room.top == 9 && room.epoch == "e2", "top or epoch went back");
  trial.expect(room.first == 1 && room.messages.size() == 9, "not all messages are there");
}

inline std::vector<Promise> append_promises() {
  return {
      {"append: what is stored is read as it was, in every field", append_keeps_every_field},
      {"append: a room's name is any 1 to 255 bytes", append_takes_any_room_name},
      {"append: a batch of many messages in many rooms is stored whole and in order",
       append_keeps_order_across_rooms},
      {"append: the same batch again is fine and stores nothing twice", append_again_is_fine},
      {"append: a batch that is stored in part is stored whole",
       append_takes_what_is_stored_in_part},
      {"append: another message in a stored one's place is refused as AlreadyExists, by its index",
       append_refuses_another_message},
      {"append: a batch that is half refused stores nothing",
       append_stores_nothing_of_a_refused_batch},
      {"append: an offset of a refused batch may be given again",
       append_gives_a_refused_place_to_another},
      {"append: what is missing below the top can be filled in, as when a store is copied",
       append_fills_in_below_the_top},
  };
}

}  // namespace madang::conformance
