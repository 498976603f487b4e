// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"
#include "engine/encoded_events.h"
#include "engine/paged_array.h"
#include "engine/shard.h"
#include "madang/base/time.h"
#include "madang/room/event.h"

namespace madang {

class SessionImpl;
struct LaneRoom;

inline constexpr WallTime kNeverExpires = WallTime::max();

// One session in one room. Touched by its lane alone.
class Subscription {
 public:
  enum class State : std::uint8_t {
    kAsking,   // the host has not answered
    kJoining,  // a member, but its reply is not written yet
    kBehind,   // catches up from tail and history as its socket drains
    kLive,     // takes what its lane reads
  };

  // Asks for a room.
  Subscription(SessionImpl* session, std::string_view room);
  ~Subscription();
  Subscription(const Subscription&) = delete;
  Subscription& operator=(const Subscription&) = delete;

  State state = State::kAsking;
  bool announcements : 1 = false;
  bool server_side : 1 = false;
  bool reads_store : 1 = false;   // a page is on its way; meanwhile it is behind, and not served
  bool deltas : 1 = false;        // it has agreed to read deltas
  bool has_previous : 1 = false;  // and was given the message before its cursor

 private:
  bool has_extra_ : 1 = true;

 public:
  std::uint32_t index = 0;  // among the members of the lane's room
  Cursor cursor;            // unless it is in step: ask LaneRoom::cursor_of

  bool asking() const { return state == State::kAsking; }
  std::string_view room() const;
  SessionImpl& session() const;

  // Only while asking: the request to the host.
  std::uint64_t request() const { return extra_->request; }
  void set_request(std::uint64_t number) { extra_->request = number; }
  // Makes it a member, at its index and cursor. What is above `joined_messages`, how many the room
  // has had, is owed to it.
  void enter(LaneRoom& room, std::uint64_t joined_messages);

  // Only of a member:
  LaneRoom& lane_room() const { return has_extra_ ? *extra_->lane_room : *lane_room_; }
  const SlotRef& slot() const;
  WallTime expires() const { return has_extra_ ? extra_->expires : kNeverExpires; }
  void expire_at(WallTime time);

  // Whether what comes after its cursor is owed to it: it is not what it recovers.
  bool recovered() const { return cursor.messages >= joined_messages(); }
  // It has recovered, and from here on nobody asks where that ended.
  void forget_joining();
  // Of a message or of messages that come after its cursor.
  bool is_owed(const Event& message) const { return message.messages > joined_messages(); }
  // Messages up to `at` that count as owed to this member, but for those up to its cursor, of which
  // not all may be known any more: what counts is how many lie between two places.
  std::uint64_t owed(const Cursor& at) const {
    return at.messages > joined_messages() ? at.messages - joined_messages() : 0;
  }

 private:
  // What most members do not need.
  struct Extra {
    // While asking:
    SessionImpl* session = nullptr;
    std::string room = {};
    std::uint64_t request = 0;
    // Of a member:
    LaneRoom* lane_room = nullptr;      // null while asking
    std::uint64_t joined_messages = 0;  // 0: it has recovered all it wanted
    WallTime expires = kNeverExpires;
  };

  std::uint64_t joined_messages() const { return has_extra_ ? extra_->joined_messages : 0; }
  Extra& extra();
  void drop_extra();

  union {
    Extra* extra_;         // owned; always while asking
    LaneRoom* lane_room_;  // if there is nothing extra
  };
};

static_assert(sizeof(Subscription) == 40, "every idle member has one");

// What a lane has read from a room and is handing to its members, from the last to the first.
struct LaneBatch {
  Shard::Taken taken;
  std::uint64_t messages = 0;  // among the events
  bool for_everybody = true;   // no event excludes a member
  std::size_t members_left = 0;
  absl::InlinedVector<std::pair<WireFormat, EncodedEvents>, 2> encoded;

  // In the format of `session`, or one that goes with it. Valid until the next call.
  const EncodedEvents& in(const WireFormat& format, const RoomSlot& slot,
                          const SessionImpl& session) {
    for (const auto& [known, events] : encoded) {
      if (known == format) return events;
    }
    return encode(format, slot, session);
  }

 private:
  const EncodedEvents& encode(const WireFormat& format, const RoomSlot& slot,
                              const SessionImpl& session);
};

// A member as the lane's deliveries see it, side by side with the next.
class Member {
 public:
  Member(Subscription& subscription, SessionImpl& session, const Transport* transport)
      : subscription_(&subscription),
        session_(&session),
        transport_(reinterpret_cast<std::uintptr_t>(transport) & ~kFlags) {
    if (subscription.announcements) transport_ |= kAnnouncements;
    if (subscription.deltas) transport_ |= kDeltas;
  }

  Subscription& subscription() const { return *subscription_; }
  SessionImpl& session() const { return *session_; }
  // Only to ask for its memory in time.
  const void* transport_address() const {
    return reinterpret_cast<const void*>(transport_ & ~kFlags);
  }
  bool announcements() const { return (transport_ & kAnnouncements) != 0; }
  Deltas deltas() const { return (transport_ & kDeltas) != 0 ? Deltas::kPatches : Deltas::kNone; }
  // Live, and with exactly what the lane has read: its cursor is the room's, and patches fit it, so
  // that a delivery need not touch the subscription.
  bool in_step() const { return (transport_ & kInStep) != 0; }
  void set_in_step(bool in_step) {
    transport_ = in_step ? transport_ | kInStep : transport_ & ~kInStep;
  }

 private:
  static constexpr std::uintptr_t kAnnouncements = 1;
  static constexpr std::uintptr_t kInStep = 2;
  static constexpr std::uintptr_t kDeltas = 4;
  static constexpr std::uintptr_t kFlags = kAnnouncements | kInStep | kDeltas;

  Subscription* subscription_;
  SessionImpl* session_;
  std::uintptr_t transport_;  // its address, with the flags where an address has none
};

static_assert(sizeof(Member) == 24, "every idle member has one");

// How the news of a room gather (RoomOptions::batch).
struct Gathering {
  MonoTime served = MonoTime::min();  // when news were last taken
  bool waits = false;                 // there may be more, which stay in the room
  bool timer_set = false;
};

// A room as one lane sees it.
struct LaneRoom {
  SlotRef slot;
  Cursor read;  // what the lane has taken; a live member has it or is about to
  PagedArray<Member> members;
  std::optional<LaneBatch> batch;
  bool news = false;                     // there may be events to take
  bool queued = false;                   // stands in the lane's list of rooms to serve
  std::unique_ptr<Gathering> gathering;  // of a room that batches; null before its first news

  // Where a member of this room stands.
  const Cursor& cursor_of(const Subscription& subscription) const;
  // A live member falls into step if it has what was read.
  void fall_in_step(Subscription& subscription);
  // From here on the member's own cursor counts, and that is `cursor`.
  void fall_out_of_step(Subscription& subscription, const Cursor& cursor);
};

inline std::string_view Subscription::room() const {
  return has_extra_ && extra_->lane_room == nullptr ? extra_->room : lane_room().slot->name();
}
inline const SlotRef& Subscription::slot() const { return lane_room().slot; }
inline SessionImpl& Subscription::session() const {
  return has_extra_ && extra_->lane_room == nullptr ? *extra_->session
                                                    : lane_room().members[index].session();
}

// The rooms of a lane and who of its sessions is in them. Pure state of the lane.
class MemberTable {
 public:
  // Null if the lane has no member of the room.
  std::shared_ptr<LaneRoom> find(const RoomSlot* slot) const;

  // The subscription was asking and is a member of the slot's room from now on. `top` is where the
  // room stands, and where the lane begins to read if this is its first member there.
  void add(Subscription& subscription, const SlotRef& slot, const Transport* transport,
           const Cursor& top);
  // The subscription is about to be destroyed.
  void remove(const Subscription& subscription);

 private:
  absl::flat_hash_map<const RoomSlot*, std::shared_ptr<LaneRoom>> rooms_;
};

}  // namespace madang
