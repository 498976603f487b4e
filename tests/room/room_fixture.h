// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "madang/room/room.h"

namespace madang {

inline constexpr PageBounds kEverything{.messages_max = 1'000'000, .bytes_max = 1u << 30};

inline MonoTime at_s(int seconds) { return MonoTime(std::chrono::seconds(seconds)); }

inline ClientId client_number(std::uint64_t number) { return ClientId::from_bits(number, number); }

inline ClientInfoRef person(std::string_view user, std::uint64_t number) {
  ClientInfo info;
  info.user = std::string(user);
  info.client = client_number(number);
  return std::make_shared<const ClientInfo>(std::move(info));
}

inline RoomOptions with_history(std::size_t messages_max) {
  RoomOptions options;
  options.history.messages_max = messages_max;
  return options;
}

// A room whose readers, if it has any, have always read everything.
struct TestRoom {
  explicit TestRoom(const RoomOptions& options = {}) : room("r", options, "e1") {}

  Room::Published publish(std::string_view data, bool keep = true) {
    Publication publication;
    publication.data = data;
    publication.keep = keep;
    return room.publish(std::move(publication), read_number, now, {});
  }

  void announce() { room.announce(read_number, now, {}); }

  // All that a reader gets that has everything up to `cursor`, as text: messages by their data,
  // joins and leaves as +user/client and -user/client, where client is its number, below 10.
  std::string read(Cursor cursor = {}) const {
    return text_of(room.read_after(cursor, kEverything).events);
  }

  static std::string text_of(const std::vector<EventRef>& events) {
    std::string text;
    for (const auto& event : events) {
      if (!text.empty()) text += ' ';
      if (event->kind == EventKind::kMessage) {
        text += event->data.view();
      } else {
        text += event->kind == EventKind::kJoin ? '+' : '-';
        text +=
            std::string(event->info->user.view()) + "/" + event->info->client.text().substr(17, 1);
      }
    }
    return text;
  }

  Room room;
  MonoTime now = at_s(0);
  std::uint64_t read_number = std::numeric_limits<std::uint64_t>::max();
};

}  // namespace madang
