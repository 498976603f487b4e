// SPDX-License-Identifier: Apache-2.0

// Rooms whose messages wait for each other: RoomOptions::batch.

#include <memory>
#include <utility>

#include "engine/engine_impl.h"
#include "engine/lane.h"

namespace madang {

// The news stay in the room, which tells the lane only when there are enough of them: nothing is
// held here, so whoever joins, leaves, recovers or catches up meanwhile finds all as ever.
bool Lane::gathers(LaneRoom& room) {
  const BatchOptions& batch = room.slot->options.batch;
  if (batch.delay <= Duration::zero()) return false;
  if (room.gathering == nullptr) room.gathering = std::make_unique<Gathering>();
  Gathering& gathering = *room.gathering;
  // A mark that comes while it waits says that there is enough.
  if (std::exchange(gathering.waits, false)) return false;
  // Compared by differences, which do not overflow.
  const MonoTime time = now();
  if (gathering.served == MonoTime::min() || time - gathering.served >= batch.delay) return false;
  Shard& shard = engine_.shard_of(room.slot->name());
  if (!shard.gather(*room.slot, index_, room.read.messages + batch.messages_max)) return false;
  gathering.waits = true;
  // One timer a room: if it comes too early for what waits then, it is set again.
  if (!std::exchange(gathering.timer_set, true)) {
    gathered_at(room.slot, gathering.served + batch.delay);
  }
  return true;
}

// Not by the wheel, whose ticks are longer than a delay may be.
void Lane::gathered_at(const SlotRef& slot, MonoTime time) {
  scheduler_.call_at(time, [weak = weak_from_this(), slot] {
    if (const auto lane = weak.lock()) lane->gathered(slot);
  });
}

void Lane::gathered(const SlotRef& slot) {
  const auto room = members_.find(slot.get());
  if (room == nullptr || room->gathering == nullptr) return;  // all have left since
  Gathering& gathering = *room->gathering;
  gathering.timer_set = false;
  if (!gathering.waits) return;
  const Duration delay = slot->options.batch.delay;
  if (now() - gathering.served < delay) {
    gathering.timer_set = true;
    return gathered_at(slot, gathering.served + delay);
  }
  gathering.waits = false;
  queue(room);
  wake(now());
}

}  // namespace madang
