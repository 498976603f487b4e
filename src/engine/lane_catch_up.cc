// SPDX-License-Identifier: Apache-2.0

// How members that are behind get what they lack: from the tail, the history, the store.

#include <algorithm>
#include <optional>
#include <utility>

#include "engine/engine_impl.h"
#include "engine/lane.h"
#include "engine/session_impl.h"

namespace madang {

void Lane::fall_behind(Subscription& subscription) {
  subscription.state = Subscription::State::kBehind;
  subscription.session().add_behind(subscription);
  touch(subscription.session());
}

void Lane::activate(Subscription& subscription) {
  LaneRoom& room = subscription.lane_room();
  if (subscription.cursor.number >= room.read.number) {
    subscription.state = Subscription::State::kLive;
    room.fall_in_step(subscription);
  } else {
    fall_behind(subscription);
  }
}

void Lane::catch_up(SessionImpl& session) {
  Subscription& subscription = *session.first_behind();
  session.remove_behind(subscription);
  RoomSlot& slot = *subscription.slot();
  PageBounds bounds = batch_bounds();
  bounds.messages_max = std::min(bounds.messages_max, limits_.page_messages_max);
  const auto read = engine_.shard_of(slot.name()).read_after(slot, subscription.cursor, bounds);
  if (read.page.status == ReadStatus::kLost) {
    if (in_store(subscription)) return read_store(subscription, read.messages);
    return lost(subscription, read);
  }
  if (slot.options.slow_consumer == SlowConsumer::kKeepLatest &&
      read.newest.number > subscription.cursor.number) {
    return skip(subscription, read.newest, counters_.dropped_latest);
  }
  const EventPage& page = read.page;
  if (!page.events.empty()) {
    const WireFormat format = session.format(subscription);
    std::optional<EncodedEvents> whole;
    if (!reads_all(subscription, page.events)) whole = page_in(format.whole(), session, slot, page);
    const EncodedEvents& encoded = page_in(format, session, slot, page);
    hand_over(subscription, page.events, encoded, whole ? &*whole : nullptr, 0, page.end);
  } else {
    hand_over(subscription, {}, {}, nullptr, 0, page.end);
  }
  activate(subscription);
}

const EncodedEvents& Lane::page_in(const WireFormat& format, const SessionImpl& session,
                                   const RoomSlot& slot, const EventPage& page) {
  return pages_.get(format, session.encoder_of(format), slot, page.events);
}

void Lane::skip(Subscription& subscription, const Cursor& to, LaneCounter& counter) {
  counter.add(subscription.owed(to) - subscription.owed(subscription.cursor));
  if (to.messages != subscription.cursor.messages) subscription.has_previous = false;
  subscription.cursor = to;
  subscription.session().add_behind(subscription);
}

void Lane::lost(Subscription& subscription, const Shard::CatchUp& read) {
  switch (subscription.slot()->options.slow_consumer) {
    case SlowConsumer::kDropOldest:
      return skip(subscription, read.oldest, counters_.dropped_oldest);
    case SlowConsumer::kKeepLatest:
      return skip(subscription, read.newest, counters_.dropped_latest);
    case SlowConsumer::kDisconnect:
    case SlowConsumer::kResubscribe:
      counters_.told_of_gap.add(subscription.owed(read.top) -
                                subscription.owed(subscription.cursor));
      subscription.cursor = read.top;
      return subscription.session().drop_lost(
          subscription, subscription.slot()->options.slow_consumer == SlowConsumer::kDisconnect);
  }
}

// The store goes back to what this member needs next.
bool Lane::in_store(const Subscription& subscription) const {
  const RoomSlot& slot = *subscription.slot();
  return slot.options.is_stored() && subscription.cursor.offset + 1 >= slot.store_first.load();
}

void Lane::read_store(Subscription& subscription, std::uint64_t messages) {
  subscription.reads_store = true;
  store_reads_waiting_.push_back({subscription.session().number(), subscription.slot(), messages});
  read_store_next();
}

void Lane::read_store_next() {
  while (store_reads_ < limits_.store_reads_per_lane_max && !store_reads_waiting_.empty()) {
    StoreRead read = store_reads_waiting_.pop_front();
    const Subscription* const subscription = reader(read);
    if (subscription == nullptr) continue;
    ++store_reads_;
    PageBounds bounds = batch_bounds();
    bounds.messages_max = std::min(bounds.messages_max, limits_.page_messages_max);
    const SlotRef slot = read.slot;
    read.cursor = subscription->cursor;
    engine_.storage()->read(
        slot, read.cursor.offset, Direction::kUp, bounds,
        [weak = weak_from_this(), read](absl::StatusOr<RoomStorage::Page> page) mutable {
          const auto lane = weak.lock();
          if (lane == nullptr) return;
          lane->post([read = std::move(read), page = std::move(page)](Lane& home) {
            --home.store_reads_;
            home.store_page(read, page);
            home.read_store_next();
          });
        });
  }
}

// Who still waits for this page; null if it has left.
Subscription* Lane::reader(const StoreRead& read) const {
  SessionImpl* const session = find(read.session);
  if (session == nullptr || session->closing()) return nullptr;
  Subscription* const subscription = session->find(read.slot->name());
  const bool same = subscription != nullptr && !subscription->asking() &&
                    subscription->slot() == read.slot && subscription->reads_store;
  return same ? subscription : nullptr;
}

void Lane::store_page(const StoreRead& read, const absl::StatusOr<RoomStorage::Page>& page) {
  Subscription* const subscription = reader(read);
  if (subscription == nullptr || subscription->cursor.offset != read.cursor.offset) return;
  subscription->reads_store = false;
  // How many messages there were at each is not known any more, but at least so many; before this
  // memory of the room began none of them is owed to anybody.
  const bool counted = read.cursor.number > 0 || read.messages > 0;
  Cursor end = read.cursor;
  end.messages = std::max(end.messages, read.messages);
  std::vector<EventRef> events;
  if (page.ok()) {
    for (const EventRef& stored : *page) {
      if (stored->offset != end.offset + 1) break;  // a hole: what was there is gone
      Event event = *stored;
      event.number = read.cursor.number;
      event.messages = counted ? end.messages + 1 : 0;
      event.before = Payload();  // what counts here is not how it was counted when that was known
      end = {event.number, event.offset, event.messages};
      events.push_back(std::make_shared<const Event>(std::move(event)));
    }
  }
  if (events.empty()) {
    RoomSlot& slot = *subscription->slot();
    return lost(*subscription,
                engine_.shard_of(slot.name()).read_after(slot, subscription->cursor, {}));
  }
  SessionImpl& session = subscription->session();
  const WireFormat format = session.format(*subscription);
  const EncodedEvents encoded =
      encode_events(format, session.encoder_of(format), *subscription->slot(), events);
  hand_over(*subscription, events, encoded, nullptr, 0, end);
  fall_behind(*subscription);
}

}  // namespace madang
