// SPDX-License-Identifier: Apache-2.0
#include "engine/member_table.h"

#include "madang/base/planted_fault.h"

namespace madang {

const EncodedEvents& LaneBatch::in(const WireFormat& format, const RoomSlot& slot) {
  for (const auto& [known, events] : encoded) {
    if (known == format) return events;
  }
  return encoded.emplace_back(format, encode_events(format, slot, taken.page.events)).second;
}

std::shared_ptr<LaneRoom> MemberTable::find(const RoomSlot* slot) const {
  const auto it = rooms_.find(slot);
  return it == rooms_.end() ? nullptr : it->second;
}

void MemberTable::add(Subscription& subscription, std::uint64_t read_number) {
  auto& room = rooms_[subscription.slot.get()];
  if (room == nullptr) {
    room = std::make_shared<LaneRoom>();
    room->slot = subscription.slot;
    room->read_number = read_number;
  }
  subscription.lane_room = room.get();
  subscription.index = room->members.size();
  room->members.push_back(&subscription);
}

void MemberTable::remove(Subscription& subscription) {
  LaneRoom& room = *subscription.lane_room;
  Subscription* const last = room.members.back();
  room.members[subscription.index] = last;
  last->index = subscription.index;
  room.members.pop_back();
  if (room.batch && room.batch->members_left > room.members.size()) {
    room.batch->members_left = room.members.size();
  }
  if (planted(Fault::kMemberSkippedOnLeave) && room.batch && room.batch->members_left > 0) {
    --room.batch->members_left;
  }
  subscription.lane_room = nullptr;
  if (room.members.empty()) rooms_.erase(room.slot.get());
}

}  // namespace madang
