// SPDX-License-Identifier: Apache-2.0
#include "engine/member_table.h"

#include "engine/session_impl.h"
#include "madang/base/planted_fault.h"
#include "madang/engine/transport.h"

namespace madang {
namespace {

// From so many members on a room grows by a quarter and no more by itself again, since of a large
// one the places that are still free are what counts.
constexpr std::size_t kGrowsByQuarter = 1024;

static_assert(alignof(Transport) >= 8, "a Member keeps flags in its address");

}  // namespace

void Subscription::expire_at(WallTime time) {
  if (time == expires()) return;
  if (extra == nullptr) extra = std::make_unique<Extra>();
  extra->expires = time;
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

void LaneRoom::add(const Member& member) {
  const std::size_t size = members.size();
  if (size == members.capacity() && size >= kGrowsByQuarter) members.reserve(size + size / 4);
  members.push_back(member);
}

void LaneRoom::fall_in_step(Subscription& subscription) {
  // One whose turn in a batch is still to come would be taken for one that lacks it.
  if (batch && subscription.index < batch->members_left) return;
  members[subscription.index].set_in_step(subscription.cursor.number == read.number &&
                                          subscription.cursor.messages >=
                                              subscription.joined_messages &&
                                          (!subscription.deltas || subscription.has_previous));
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
  subscription.lane_room = room.get();
  subscription.index = static_cast<std::uint32_t>(room->members.size());
  subscription.extra.reset();
  room->add({subscription, session, transport});
}

void MemberTable::remove(Subscription& subscription) {
  LaneRoom& room = *subscription.lane_room;
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
  subscription.lane_room = nullptr;
  if (room.members.empty()) rooms_.erase(room.slot.get());
}

}  // namespace madang
