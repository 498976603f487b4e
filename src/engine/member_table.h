// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"
#include "engine/encoded_events.h"
#include "engine/shard.h"
#include "madang/base/time.h"
#include "madang/room/event.h"

namespace madang {

class SessionImpl;
struct LaneRoom;

// One session in one room. Touched by its lane alone.
struct Subscription {
  enum class State : std::uint8_t {
    kAsking,   // the host has not answered
    kJoining,  // a member, but its reply is not written yet
    kBehind,   // catches up from tail and history as its socket drains
    kLive,     // takes what its lane reads
  };

  SessionImpl* session = nullptr;
  State state = State::kAsking;
  bool announcements = false;
  bool server_side = false;
  std::uint64_t request = 0;  // to the host, while asking
  std::optional<WallTime> expires;

  SlotRef slot;
  Cursor cursor;
  std::uint64_t joined_messages = 0;  // of the room when it came; what is above is owed to it
  LaneRoom* lane_room = nullptr;
  std::size_t index = 0;  // among the members there

  // Messages up to `cursor` that count as owed to this member.
  std::uint64_t owed(const Cursor& at) const {
    return at.messages > joined_messages ? at.messages - joined_messages : 0;
  }
};

// What a lane has read from a room and is handing to its members, from the last to the first: a
// member that leaves is replaced by the last one, which then has had its turn already.
struct LaneBatch {
  Shard::Taken taken;
  std::size_t members_left = 0;
  absl::InlinedVector<std::pair<WireFormat, EncodedEvents>, 2> encoded;

  const EncodedEvents& in(const WireFormat& format, const RoomSlot& slot);
};

// A room as one lane sees it.
struct LaneRoom {
  SlotRef slot;
  std::uint64_t read_number = 0;  // the last event taken; a live member has it or is about to
  std::vector<Subscription*> members;
  std::optional<LaneBatch> batch;
  bool news = false;    // there may be events to take
  bool queued = false;  // stands in the lane's list of rooms to serve
};

// The rooms of a lane and who of its sessions is in them. Pure state of the lane.
class MemberTable {
 public:
  // Null if the lane has no member of the room.
  std::shared_ptr<LaneRoom> find(const RoomSlot* slot) const;

  // The subscription's slot is set. `read_number` counts if it is the lane's first member there.
  void add(Subscription& subscription, std::uint64_t read_number);
  void remove(Subscription& subscription);

  std::size_t rooms() const { return rooms_.size(); }

 private:
  absl::flat_hash_map<const RoomSlot*, std::shared_ptr<LaneRoom>> rooms_;
};

}  // namespace madang
