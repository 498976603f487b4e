// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "madang/base/client_id.h"
#include "madang/base/payload.h"
#include "madang/base/text.h"
#include "madang/base/time.h"

namespace madang {

// Who a session is, as others in its rooms may see it. Infos are payloads of the room's kind.
struct ClientInfo {
  Text user = {};  // empty: not logged in, counts for itself
  ClientId client = {};
  Payload connection_info = {};
  Payload room_info = {};
};
static_assert(sizeof(ClientInfo) == 56, "every idle session has one");
using ClientInfoRef = std::shared_ptr<const ClientInfo>;

using Tags = std::vector<std::pair<std::string, std::string>>;

enum class EventKind : std::uint8_t { kMessage, kJoin, kLeave };

// One thing that happened in a room. Immutable once the room has numbered it, and shared by the
// tail, the history and every lane that delivers it.
struct Event {
  EventKind kind = EventKind::kMessage;
  // Whether `before` is held for this event alone: the history has kept this message, and not the
  // one before it.
  bool holds_before = false;

  // Its place among all events of this incarnation of the room: 1, 2, 3 without a gap.
  std::uint64_t number = 0;
  // How many messages there were up to this event and with it.
  std::uint64_t messages = 0;
  // Its place among the kept messages, which clients see and recover by; 0: not kept.
  std::uint64_t offset = 0;
  // The newest offset at this event or before it.
  std::uint64_t top_offset = 0;

  MonoTime appended = {};  // what its age counts from
  WallTime time = {};      // what people are shown

  Payload data = {};  // of a message
  // The data of the message before it, in rooms that send deltas; empty if that is not known. It is
  // what a patch is made against, for those who have that message: see follows().
  Payload before = {};
  ClientInfoRef info = {};  // who joined or left; who published, if a session did
  Tags tags = {};
  ClientId exclude = {};  // a session that shall not get it; nil: none

  // What it costs in memory, about.
  std::size_t bytes() const {
    return sizeof(Event) + data.size() + (holds_before ? before.size() : 0) + 16 * tags.size();
  }
};
using EventRef = std::shared_ptr<const Event>;

// A place in the history of a room. The epoch names one history: the same offset under another
// epoch is another message.
struct StreamPosition {
  std::uint64_t offset = 0;
  std::string epoch = {};

  friend bool operator==(const StreamPosition&, const StreamPosition&) = default;
};

// How far one reader has come in one incarnation of a room.
struct Cursor {
  std::uint64_t number = 0;    // the last event it has
  std::uint64_t offset = 0;    // the last kept message at or before that
  std::uint64_t messages = 0;  // messages at or before that
};

// Where a reader stands that has everything up to this event.
inline Cursor cursor_at(const Event& event) {
  return {event.number, event.top_offset, event.messages};
}

// Whether `message` is the next one there was, kept or not, for a reader who stands at `cursor`.
inline bool follows(const Cursor& cursor, const Event& message) {
  return message.messages == cursor.messages + 1 &&
         message.top_offset == cursor.offset + (message.offset != 0 ? 1 : 0);
}

}  // namespace madang
