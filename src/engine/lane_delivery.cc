// SPDX-License-Identifier: Apache-2.0

// How events reach members: the part of a lane that reads rooms and fills outboxes.

#include <algorithm>
#include <optional>
#include <utility>

#include "engine/delta_chain.h"
#include "engine/engine_impl.h"
#include "engine/lane.h"
#include "engine/session_impl.h"
#include "madang/base/planted_fault.h"

namespace madang {
namespace {

// Members ahead of the one that is served whose memory is asked for: with a hundred thousand of
// them none of it is in a cache, and waiting for it is what a delivery costs.
constexpr std::size_t kPrefetchMembers = 8;

}  // namespace

PageBounds Lane::batch_bounds() const {
  return {limits_.batch_events_max,
          std::min(limits_.page_bytes_max, limits_.outbox_events_bytes_max)};
}

void Lane::take_inbox() {
  for (LaneMark* mark = inbox_.take(); mark != nullptr;) {
    LaneMark* const next = mark->next;
    const SlotRef slot = std::move(mark->keep);
    mark->in_inbox.store(false, std::memory_order_release);
    mark = next;
    if (const auto room = members_.find(slot.get())) {
      if (!gathers(*room)) queue(room);
    } else {
      Shard::Taken nothing;  // clears the mark
      engine_.shard_of(slot->name()).take(*slot, index_, {}, nothing);
    }
  }
}

void Lane::queue(const std::shared_ptr<LaneRoom>& room) {
  room->news = true;
  if (std::exchange(room->queued, true)) return;
  to_serve_.push_back(room);
}

// Returns whether there is more to do.
bool Lane::deliver() {
  take_inbox();
  std::size_t budget = limits_.deliveries_per_turn_max;
  while (!to_serve_.empty() && budget > 0) {
    const std::shared_ptr<LaneRoom> room = to_serve_.front();
    to_serve_.pop_front();
    if (room->members.empty()) {
      // All have left since its mark came. Someone may have come again, under a new record.
      room->queued = false;
      if (const auto again = members_.find(room->slot.get())) {
        queue(again);
      } else {
        Shard::Taken nothing;
        engine_.shard_of(room->slot->name()).take(*room->slot, index_, {}, nothing);
      }
      continue;
    }
    if (serve(*room, budget)) {
      to_serve_.push_back(room);
    } else {
      room->queued = false;
    }
  }
  return !to_serve_.empty();
}

// Hands out one slice of one batch. Returns whether there is more.
bool Lane::serve(LaneRoom& room, std::size_t& budget) {
  if (!room.batch && (!std::exchange(room.news, false) || !take(room))) return false;
  LaneBatch& batch = *room.batch;
  while (batch.members_left > 0 && budget > 0) {
    --budget;
    Member& member = room.members[--batch.members_left];
    if (batch.members_left >= kPrefetchMembers) {
      const Member& soon = room.members[batch.members_left - kPrefetchMembers];
      __builtin_prefetch(&soon.session());
      __builtin_prefetch(soon.transport_address(), 1);
    }
    if (member.in_step() && batch.for_everybody) {
      offer_whole(room, member);
    } else {
      if (member.in_step()) room.fall_out_of_step(member.subscription(), batch.taken.begin);
      offer(member.subscription(), batch);
    }
  }
  if (batch.members_left > 0) return true;
  room.batch.reset();
  return room.news;
}

// Reads the next batch of the room. False if there is nothing.
bool Lane::take(LaneRoom& room) {
  LaneBatch& batch = room.batch.emplace();
  engine_.shard_of(room.slot->name()).take(*room.slot, index_, batch_bounds(), batch.taken);
  const EventPage& page = batch.taken.page;
  const Cursor& begin = batch.taken.begin;
  // A page may be empty and yet go on: the lane stood still, and the tail has let go of all.
  if (page.end.number == room.read.number) {
    room.batch.reset();
    return false;
  }
  if (room.gathering != nullptr) {
    room.gathering->served = now();
    room.gathering->waits = false;
  }
  if (page.status == ReadStatus::kMore) room.news = true;
  if (begin.number != room.read.number) {
    for (std::size_t i = 0; i < room.members.size(); ++i) {
      const Member& member = room.members[i];
      if (member.in_step()) room.fall_out_of_step(member.subscription(), room.read);
    }
  }
  room.read = page.end;
  batch.messages = page.end.messages - begin.messages;
  batch.for_everybody =
      std::none_of(page.events.begin(), page.events.end(),
                   [](const EventRef& event) { return event->exclude != ClientId(); });
  batch.members_left = room.members.size();
  return true;
}

// What nearly every member gets: all of the batch, as it lies there for everybody.
void Lane::offer_whole(LaneRoom& room, Member& member) {
  SessionImpl& session = member.session();
  LaneBatch& batch = *room.batch;
  const Payload& frames =
      batch.in(session.format(member.announcements(), member.deltas()), *room.slot, session).bytes;
  if (frames.empty()) return;  // announcements that this member did not ask for
  if (session.takes_at_once()) return session.write_at_once(frames, batch.messages);
  if (!has_space(session, frames.size())) {
    room.fall_out_of_step(member.subscription(), batch.taken.begin);
    return fall_behind(member.subscription());
  }
  session.outbox().push(frames, static_cast<std::uint32_t>(batch.messages));
  touch(session);
}

// The general case: a member with a cursor of its own, or events that are not for everybody.
void Lane::offer(Subscription& subscription, LaneBatch& batch) {
  if (subscription.state != Subscription::State::kLive) return;
  const Cursor& begin = batch.taken.begin;
  const EventPage& page = batch.taken.page;
  if (subscription.cursor.number < begin.number) return fall_behind(subscription);
  if (subscription.cursor.number < page.end.number) {
    std::size_t first = subscription.cursor.number - begin.number;
    if (planted(Fault::kCursorOffByOne) && first > 0) ++first;
    if (first >= page.events.size()) return;
    const SessionImpl& session = subscription.session();
    const RoomSlot& slot = *subscription.slot();
    const WireFormat format = session.format(subscription);
    std::optional<EncodedEvents> whole;
    if (!reads_all(subscription, std::span(page.events).subspan(first))) {
      whole = batch.in(format.whole(), slot, session);
    }
    const EncodedEvents& encoded = batch.in(format, slot, session);
    // No patch is larger than what it stands for.
    const EncodedEvents& largest = whole ? *whole : encoded;
    const std::size_t bytes = largest.ends.back() - (first == 0 ? 0 : largest.ends[first - 1]);
    if (!has_space(session, bytes)) return fall_behind(subscription);
    hand_over(subscription, page.events, encoded, whole ? &*whole : nullptr, first, page.end);
  }
  subscription.lane_room().fall_in_step(subscription);
}

bool Lane::has_space(const SessionImpl& session, std::size_t bytes) const {
  const Outbox& outbox = session.outbox();
  return outbox.empty() || outbox.bytes() + bytes <= limits_.outbox_events_bytes_max;
}

bool Lane::reads_all(const Subscription& subscription, std::span<const EventRef> events) {
  return !subscription.deltas || DeltaChain(subscription.cursor, subscription.has_previous)
                                     .reads_all(events, subscription.session().client());
}

void Lane::hand_over(Subscription& subscription, std::span<const EventRef> events,
                     const EncodedEvents& encoded, const EncodedEvents* whole, std::size_t first,
                     const Cursor& end) {
  SessionImpl& session = subscription.session();
  const Cursor from = std::exchange(subscription.cursor, end);
  DeltaChain chain(from, subscription.has_previous);
  // Frames that are not for this member are cut out, and those that it needs in another form put
  // in; each piece between them is one payload.
  std::uint64_t excluded = 0;
  std::uint64_t owed = 0;
  std::uint64_t recovered = 0;
  std::size_t piece = first;
  std::uint32_t owed_in_piece = 0;
  const auto push = [&](Payload frames) {
    const std::uint32_t messages = std::exchange(owed_in_piece, 0);
    owed += messages;
    if (!frames.empty()) session.outbox().push(std::move(frames), messages);
  };
  for (std::size_t i = first; i < events.size(); ++i) {
    const Event& event = *events[i];
    if (event.kind != EventKind::kMessage) continue;
    const bool is_owed = subscription.is_owed(event);
    const bool given = event.exclude != session.client();
    const bool as_it_is = given && (!subscription.deltas || chain.reads(event));
    chain.passed(event, given);
    if (!as_it_is) push(encoded.frames(std::exchange(piece, i + 1), i));
    if (!given) {
      excluded += is_owed ? 1 : 0;
      continue;
    }
    owed_in_piece += is_owed ? 1 : 0;
    recovered += is_owed ? 0 : 1;
    if (!as_it_is) push(whole->frames(i, i + 1));
  }
  push(encoded.frames(piece, events.size()));
  subscription.has_previous = subscription.deltas && chain.has_previous(end);

  counters_.excluded.add(excluded);
  counters_.recovered.add(recovered);
  counters_.dropped_not_kept.add(subscription.owed(end) - subscription.owed(from) - owed -
                                 excluded);
  touch(session);
}

void Lane::add_member(Subscription& subscription, const SlotRef& slot, const Cursor& top) {
  members_.add(subscription, slot, subscription.session().transport_address(), top);
}

std::uint64_t Lane::waiting(const Subscription& subscription) const {
  const auto top =
      engine_.shard_of(subscription.room()).look(*subscription.slot(), [](const Room& room) {
        return room.top();
      });
  return subscription.owed(top) -
         subscription.owed(subscription.lane_room().cursor_of(subscription));
}

}  // namespace madang
