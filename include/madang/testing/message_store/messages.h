// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "madang/storage/message_store.h"

// What the tests of message stores are written with.
namespace madang::conformance {

inline constexpr std::uint64_t kOffsetMax = std::uint64_t{1} << 62;
inline constexpr std::size_t kEverything = 1'000'000'000;

// Milliseconds after a day in 2026.
inline WallTime at_ms(std::int64_t ms) {
  return WallTime(std::chrono::milliseconds(1'770'000'000'000 + ms));
}

// Before every message of the tests.
inline WallTime long_ago() { return WallTime(std::chrono::milliseconds(-62'135'596'800'000)); }

inline StoredMessage message(std::string_view room, std::uint64_t offset,
                             std::string_view data = "data") {
  return {.room = std::string(room),
          .epoch = "e1",
          .offset = offset,
          .time = at_ms(static_cast<std::int64_t>(std::min<std::uint64_t>(offset, 1'000'000))),
          .data = data};
}

// `text` in a message that was published at `ms`.
inline StoredMessage message_at(std::string_view room, std::uint64_t offset, std::int64_t ms,
                                std::string_view text) {
  auto stored = message(room, offset, text);
  stored.time = at_ms(ms);
  return stored;
}

// The messages `first` to `last` of a room, each with other data.
inline MessageBatch messages(std::string_view room, std::uint64_t first, std::uint64_t last,
                             std::string_view epoch = "e1") {
  MessageBatch batch;
  for (auto offset = first; offset <= last; ++offset) {
    batch.push_back(message(room, offset, "message " + std::to_string(offset)));
    batch.back().epoch = epoch;
  }
  return batch;
}

inline LoadRequest all_of(std::string_view room) {
  return {.room = std::string(room),
          .messages_max = kEverything,
          .bytes_max = kEverything,
          .since = long_ago(),
          .keys_max = kEverything,
          .keys_since = long_ago()};
}

inline PageRequest page_of(std::string_view room, std::uint64_t cursor, Direction direction,
                           std::size_t messages_max = kEverything,
                           std::size_t bytes_max = kEverything) {
  return {.room = std::string(room),
          .cursor = cursor,
          .direction = direction,
          .messages_max = messages_max,
          .bytes_max = bytes_max};
}

inline bool same_messages(const std::vector<StoredMessage>& a,
                          const std::vector<StoredMessage>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), same_message);
}

// "a/1 a/2": what came, for people.
inline std::string names_of(const std::vector<StoredMessage>& messages) {
  std::string names;
  for (std::size_t i = 0; i < messages.size() && i < 20; ++i) {
    names += (i == 0 ? "" : " ") + messages[i].room + "/" + std::to_string(messages[i].offset);
  }
  if (messages.size() > 20) names += " ...";
  return names.empty() ? "nothing" : names;
}

// Room names that a store of files, or of SQL, or of text, might take for something else.
inline std::vector<std::string> odd_room_names() {
  using namespace std::string_literals;
  return {"plain",
          "Plain",
          "plain ",
          " ",
          "per%cent_under",
          "perXcentXunder",
          "quote'double\"back`slash\\",
          "'; DROP TABLE messages; --",
          "line\nbreak\ttab",
          "nul\0inside"s,
          "nul"s,
          "nul\0"s,
          "../../etc/passwd",
          "마당",
          "\xFF\xFE not UTF-8 \x80",
          "*",
          "$1 ?1 :name @name",
          std::string(255, 'r'),
          std::string(254, 'r')};
}

}  // namespace madang::conformance
