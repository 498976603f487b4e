// SPDX-License-Identifier: Apache-2.0
#include "engine/member_table.h"

#include "engine/session_impl.h"
#include "madang/base/planted_fault.h"
#include "madang/engine/transport.h"

namespace madang {

static_assert(alignof(Transport) >= 8, "a Member keeps flags in its address");

Subscription::Subscription(SessionImpl* session, std::string_view room)
    : extra_(new Extra{.session = session, .room = std::string(room)}) {}

Subscription::~Subscription() {
  if (has_extra_) delete extra_;
}

void Subscription::enter(LaneRoom& room, std::uint64_t joined_messages) {
  *extra_ = Extra{.lane_room = &room, .joined_messages = joined_messages};
  if (recovered()) drop_extra();
}

void Subscription::expire_at(WallTime time) {
  if (time != expires()) extra().expires = time;
}

void Subscription::forget_joining() {
  if (!has_extra_) return;
  extra_->joined_messages = 0;
  if (extra_->expires == kNeverExpires) drop_extra();
}

Subscription::Extra& Subscription::extra() {
  if (!has_extra_) {
    extra_ = new Extra{.lane_room = lane_room_};
    has_extra_ = true;
  }
  return *extra_;
}

void Subscription::drop_extra() {
  const std::unique_ptr<const Extra> dropped(extra_);
  lane_room_ = dropped->lane_room;
  has_extra_ = false;
}

const EncodedEvents& LaneBatch::encode(const WireFormat& format, const RoomSlot& slot,
                                       const SessionImpl& session) {
  const Encoder& encoder = session.encoder_of(format);
  return encoded.emplace_back(format, encode_events(format, encoder, slot, taken.page.events))
      .second;
}

const Cursor& LaneRoom::cursor_of(const Subscription& subscription) const {
  if (!members[subscription.index].in_step()) return subscription.cursor;
  return batch && subscription.index < batch->members_left ? batch->taken.begin : read;
}

void LaneRoom::fall_in_step(Subscription& subscription) {
  // One whose turn in a batch is still to come would be taken for one that lacks it.
  if (batch && subscription.index < batch->members_left) return;
  const bool in_step = subscription.cursor.number == read.number && subscription.recovered() &&
                       (!subscription.deltas || subscription.has_previous);
  members[subscription.index].set_in_step(in_step);
  if (in_step) subscription.forget_joining();
}

void LaneRoom::fall_out_of_step(Subscription& subscription, const Cursor& cursor) {
  members[subscription.index].set_in_step(false);
  subscription.cursor = cursor;
  subscription.has_previous = subscription.deltas;
}

std::shared_ptr<LaneRoom> MemberTable::find(const RoomSlot* slot) const {
  const auto it = rooms_.find(slot);
  return it == rooms_.end() ? nullptr : it->second;
}

void MemberTable::add(Subscription& subscription, const SlotRef& slot, const Transport* transport,
                      const Cursor& top) {
  auto& room = rooms_[slot.get()];
  if (room == nullptr) {
    room = std::make_shared<LaneRoom>();
    room->slot = slot;
    room->read = top;
  }
  SessionImpl& session = subscription.session();
  subscription.index = static_cast<std::uint32_t>(room->members.size());
  subscription.enter(*room, top.messages);
  room->members.push_back({subscription, session, transport});
}

void MemberTable::remove(const Subscription& subscription) {
  LaneRoom& room = subscription.lane_room();
  std::size_t hole = subscription.index;
  const auto fill_from = [&](std::size_t from) {
    if (from == hole) return;
    room.members[hole] = room.members[from];
    room.members[hole].subscription().index = static_cast<std::uint32_t>(hole);
    hole = from;
  };
  // Members that had their turn stay behind those that had not.
  if (room.batch && hole < room.batch->members_left) fill_from(--room.batch->members_left);
  fill_from(room.members.size() - 1);
  room.members.pop_back();
  if (planted(Fault::kMemberSkippedOnLeave) && room.batch && room.batch->members_left > 0) {
    --room.batch->members_left;
  }
  if (room.members.empty()) rooms_.erase(room.slot.get());
}

}  // namespace madang
