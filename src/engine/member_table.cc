// SPDX-License-Identifier: Apache-2.0
#include "engine/member_table.h"

#include "madang/base/planted_fault.h"

namespace madang {

const EncodedEvents& LaneBatch::encode(const WireFormat& format, const RoomSlot& slot) {
  return encoded.emplace_back(format, encode_events(format, slot, taken.page.events)).second;
}

const Cursor& LaneRoom::cursor_of(const Subscription& subscription) const {
  if (!members[subscription.index].in_step) return subscription.cursor;
  return batch && subscription.index < batch->members_left ? batch->taken.begin : read;
}

void LaneRoom::fall_in_step(Subscription& subscription) {
  // One whose turn in a batch is still to come would be taken for one that lacks it.
  if (batch && subscription.index < batch->members_left) return;
  members[subscription.index].in_step =
      subscription.cursor.number == read.number &&
      subscription.cursor.messages >= subscription.joined_messages;
}

void LaneRoom::fall_out_of_step(Subscription& subscription, const Cursor& cursor) {
  members[subscription.index].in_step = false;
  subscription.cursor = cursor;
}

std::shared_ptr<LaneRoom> MemberTable::find(const RoomSlot* slot) const {
  const auto it = rooms_.find(slot);
  return it == rooms_.end() ? nullptr : it->second;
}

void MemberTable::add(Subscription& subscription, const Transport* transport, const Cursor& top) {
  auto& room = rooms_[subscription.slot.get()];
  if (room == nullptr) {
    room = std::make_shared<LaneRoom>();
    room->slot = subscription.slot;
    room->read = top;
  }
  subscription.lane_room = room.get();
  subscription.index = static_cast<std::uint32_t>(room->members.size());
  room->members.push_back(
      {&subscription, subscription.session, transport, subscription.announcements});
}

void MemberTable::remove(Subscription& subscription) {
  LaneRoom& room = *subscription.lane_room;
  std::size_t hole = subscription.index;
  const auto fill_from = [&](std::size_t from) {
    if (from == hole) return;
    room.members[hole] = room.members[from];
    room.members[hole].subscription->index = static_cast<std::uint32_t>(hole);
    hole = from;
  };
  // Members that had their turn stay behind those that had not.
  if (room.batch && hole < room.batch->members_left) fill_from(--room.batch->members_left);
  fill_from(room.members.size() - 1);
  room.members.pop_back();
  if (planted(Fault::kMemberSkippedOnLeave) && room.batch && room.batch->members_left > 0) {
    --room.batch->members_left;
  }
  subscription.lane_room = nullptr;
  if (room.members.empty()) rooms_.erase(room.slot.get());
}

}  // namespace madang
