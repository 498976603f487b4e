// SPDX-License-Identifier: Apache-2.0
#include "madang/room/room.h"

#include <algorithm>
#include <cassert>
#include <memory>
#include <utility>

#include "madang/base/planted_fault.h"

namespace madang {
namespace {

// How many announcements may wait for each member that a room announces; with more than this within
// a tick it announces no more of them.
constexpr std::size_t kAnnouncementsPerMemberMax = 4;

}  // namespace

Room::Room(std::string name, const RoomOptions& options, std::string epoch)
    : name_(std::move(name)),
      options_(options),
      epoch_(std::move(epoch)),
      history_(options_.history) {}

void Room::restore(Restored restored, MonoTime now) {
  assert(top_.number == 0 && members_ == 0);
  epoch_ = std::move(restored.epoch);
  auto& messages = restored.messages;
  std::size_t fits = 0;  // of the newest, as far as one follows the other
  while (fits < messages.size() &&
         messages[messages.size() - 1 - fits].offset + fits == restored.top) {
    ++fits;
  }
  // One number is left out before the first and one after the last, so that a reader of number 0,
  // who stands somewhere further back, is before all that is here.
  history_.start_at(restored.top - fits);
  top_ = {1, restored.top - fits, 0};
  for (std::size_t i = messages.size() - fits; i < messages.size(); ++i) {
    Event& event = messages[i];
    event.number = top_.number + 1;
    event.messages = top_.messages + 1;
    event.top_offset = event.offset;
    event.appended = std::min(event.appended, now);
    top_ = cursor_at(event);
    history_.append(std::make_shared<const Event>(std::move(event)));
  }
  ++top_.number;
  base_ = before_tail_ = top_;
  tail_.start_at(top_.number + 1);
  for (auto& [key, offset, expires] : restored.keys)
    idempotency_.remember(std::move(key), offset, expires, options_.idempotency_keys_max);
}

Room::Published Room::publish(Publication publication, std::uint64_t read_number, MonoTime now,
                              WallTime wall_now) {
  idempotency_.expire(now);
  if (!publication.idempotency_key.empty()) {
    if (const auto* offset = idempotency_.find(publication.idempotency_key, now)) {
      return {PublishOutcome::kDuplicate, *offset};
    }
  }
  if (!announce(read_number, now, wall_now) || !make_space(read_number)) {
    return {PublishOutcome::kFull};
  }
  Event event;
  event.kind = EventKind::kMessage;
  if (publication.keep && options_.has_positions()) {
    event.offset = top_.offset + 1;
    if (planted(Fault::kOffsetReused) && event.offset % 16 == 0) --event.offset;
  }
  event.data = std::move(publication.data);
  event.info = std::move(publication.info);
  event.tags = std::move(publication.tags);
  event.exclude = publication.exclude;
  if (options_.delta) {
    event.holds_before = event.offset != 0 && !newest_kept_;
    event.before = std::exchange(newest_data_, event.data);
    newest_kept_ = event.offset != 0;
  }
  const auto offset = event.offset;
  EventRef appended = append(std::move(event), now, wall_now);
  if (!publication.idempotency_key.empty()) {
    idempotency_.remember(std::move(publication.idempotency_key), offset,
                          now + options_.idempotency_ttl, options_.idempotency_keys_max);
  }
  return {PublishOutcome::kPublished, offset, std::move(appended)};
}

EventRef Room::append(Event event, MonoTime now, WallTime wall_now) {
  event.number = top_.number + 1;
  event.messages = top_.messages + (event.kind == EventKind::kMessage ? 1 : 0);
  event.appended = now;
  event.time = wall_now;
  event.top_offset = std::max(top_.offset, event.offset);
  auto shared = std::make_shared<const Event>(std::move(event));
  top_ = cursor_at(*shared);
  if (shared->offset == history_.top() + 1) history_.append(shared);
  tail_.append(shared);
  return shared;
}

void Room::drop_oldest_of_tail() {
  before_tail_ = cursor_at(*tail_.oldest());
  tail_.drop_oldest();
}

void Room::forget_tail() {
  while (tail_.size() > 0)
    drop_oldest_of_tail();
}

bool Room::wants_space() const {
  return tail_.size() + announcements_.size() + 1 >= options_.tail_events_max ||
         tail_.bytes() + announcements_.size() * sizeof(Event) >= options_.tail_bytes_max;
}

bool Room::make_space(std::uint64_t read_number) {
  while (tail_.size() >= options_.tail_events_max || tail_.bytes() >= options_.tail_bytes_max) {
    if (tail_.size() == 0) return true;
    const Event& oldest = *tail_.oldest();
    if (oldest.number > read_number) return false;
    drop_oldest_of_tail();
  }
  return true;
}

void Room::enter(ClientInfoRef info) {
  ++members_;
  if (!knows_members()) return;
  const auto entered = presence_.enter(info);
  if (options_.announce == Announce::kBySession ||
      (options_.announce == Announce::kByUser && entered.first_of_user)) {
    note_announcement(EventKind::kJoin, info);
  }
}

void Room::leave(const ClientId& client) {
  assert(members_ > 0);
  --members_;
  if (!knows_members()) return;
  const auto left = presence_.leave(client);
  if (left.session == nullptr) return;
  if (options_.announce == Announce::kBySession) {
    note_announcement(EventKind::kLeave, left.session);
  } else if (options_.announce == Announce::kByUser && left.last_of_user != nullptr) {
    note_announcement(EventKind::kLeave, left.last_of_user);
  }
}

void Room::note_announcement(EventKind kind, const ClientInfoRef& info) {
  // Who leaves counted when it came: a join that was told of is followed by its leave.
  const std::uint64_t members = members_ + (kind == EventKind::kLeave ? 1 : 0);
  if (members > options_.announce_members_max) return;
  if (announcements_.size() >= kAnnouncementsPerMemberMax * options_.announce_members_max) return;
  const bool by_user = options_.announce == Announce::kByUser && !info->user.empty();
  std::string key = by_user ? std::string(info->user.view()) : info->client.text();
  auto taken_back = announcements_.add(kind, std::move(key), info);
  if (taken_back != nullptr && by_user && kind == EventKind::kJoin) {
    presence_.known_as(info->user, std::move(taken_back));
  }
}

bool Room::announce(std::uint64_t read_number, MonoTime now, WallTime wall_now) {
  if (announcements_.empty()) return true;
  if (!make_space(read_number)) return false;
  // The tail may pass its bound by this one list, which is bounded itself: a list is cut by no more
  // than one entry a member that came or went within a tick.
  for (auto& entry : announcements_.take()) {
    if (members_ > options_.announce_members_max) continue;
    Event event;
    event.kind = entry.kind;
    event.info = std::move(entry.info);
    append(std::move(event), now, wall_now);
  }
  return true;
}

Cursor Room::top() const { return top_; }

Cursor Room::oldest_cursor() const { return before_tail_; }

Cursor Room::newest_cursor() const {
  for (auto number = tail_.next_number(); number > tail_.first_number(); --number) {
    const Event& event = *tail_.at(number - 1);
    if (event.kind != EventKind::kMessage) continue;
    return {event.number - 1, event.top_offset - (event.offset != 0 ? 1 : 0), event.messages - 1};
  }
  return top_;
}

EventPage Room::read_after(const Cursor& cursor, const PageBounds& bounds) const {
  assert(cursor.number <= top_.number);
  EventPage page;
  page.end = cursor;
  if (cursor.number < before_tail_.number) {
    const bool missed_kept = cursor.offset < before_tail_.offset;
    if (!options_.has_positions() || (missed_kept && cursor.offset + 1 < history_.first())) {
      page.status = ReadStatus::kLost;
      return page;
    }
    if (missed_kept) {
      history_.read_up(cursor.offset, bounds.messages_max, bounds.bytes_max, page.events);
    }
    while (!page.events.empty() && page.events.back()->number > before_tail_.number) {
      page.events.pop_back();  // the tail has it, and what was announced before it
    }
    if (!page.events.empty()) page.end = cursor_at(*page.events.back());
    if (page.end.offset < before_tail_.offset) {
      page.status = ReadStatus::kMore;
      return page;
    }
    // A page of the store may end within the tail, and does not know the numbers there.
    page.end = cursor.offset > before_tail_.offset ? tail_cursor(cursor.offset) : before_tail_;
    if (!page.events.empty()) {
      page.status = page.end.number == top_.number ? ReadStatus::kEnd : ReadStatus::kMore;
      return page;
    }
  }
  read_tail_into(page, bounds);
  return page;
}

Cursor Room::tail_cursor(std::uint64_t offset) const {
  std::uint64_t low = tail_.first_number();
  std::uint64_t high = tail_.next_number() - 1;
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    if (tail_.at(middle)->top_offset < offset) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return cursor_at(*tail_.at(low));
}

void Room::read_tail_into(EventPage& page, const PageBounds& bounds) const {
  std::size_t bytes = 0;
  for (auto number = page.end.number + 1; number < tail_.next_number(); ++number) {
    const EventRef& event = tail_.at(number);
    if (page.events.size() >= bounds.messages_max ||
        (bytes > 0 && bytes + event->bytes() > bounds.bytes_max)) {
      page.status = ReadStatus::kMore;
      return;
    }
    bytes += event->bytes();
    page.end = cursor_at(*event);
    page.events.push_back(event);
  }
}

EventPage Room::read_tail(std::uint64_t number, const PageBounds& bounds, Cursor& begin) const {
  begin = before_tail_;
  if (number > before_tail_.number) begin = cursor_at(*tail_.at(number));
  EventPage page;
  page.end = begin;
  read_tail_into(page, bounds);
  return page;
}

bool Room::position_fits(const StreamPosition& position) const {
  return (position.epoch.empty() || position.epoch == epoch_) && position.offset <= history_.top();
}

std::optional<EventPage> Room::recover(const StreamPosition& since,
                                       const PageBounds& bounds) const {
  if (!options_.has_positions() || !position_fits(since)) return std::nullopt;
  EventPage page;
  page.end = top_;
  if (options_.recovery == RecoveryMode::kCache) {
    if (history_.empty()) return std::nullopt;
    if (since.offset < history_.top() || since.epoch.empty()) {
      page.events.push_back(history_.at(history_.top()));
    }
    return page;
  }
  if (since.offset == history_.top()) return page;
  if (since.offset + 1 < history_.first()) return std::nullopt;
  history_.read_up(since.offset, bounds.messages_max, bounds.bytes_max, page.events);
  if (page.events.empty()) {
    const Event& next = *history_.at(since.offset + 1);
    page.end = {next.number - 1, since.offset, next.messages - 1};
    page.status = ReadStatus::kMore;
    return page;
  }
  if (page.events.back()->offset < history_.top()) {
    page.end = cursor_at(*page.events.back());
    page.status = ReadStatus::kMore;
  }
  if (planted(Fault::kDuplicateAfterRecovery)) page.end.number = page.events.back()->number - 1;
  return page;
}

std::vector<EventRef> Room::read_history(const HistoryQuery& query,
                                         const PageBounds& bounds) const {
  std::vector<EventRef> page;
  const std::size_t messages_max = std::min(query.limit, bounds.messages_max);
  if (query.reverse) {
    const auto before = query.since ? query.since->offset : history_.top() + 1;
    history_.read_down(before, messages_max, bounds.bytes_max, page);
  } else {
    const auto after = query.since ? query.since->offset : 0;
    history_.read_up(after, messages_max, bounds.bytes_max, page);
  }
  return page;
}

void Room::expire(MonoTime now, std::uint64_t read_number) {
  history_.expire(now);
  idempotency_.expire(now);
  while (tail_.size() > 0 && tail_.oldest()->number <= read_number &&
         tail_.oldest()->appended + options_.tail_age_max <= now) {
    drop_oldest_of_tail();
  }
}

std::optional<MonoTime> Room::next_expiry() const {
  std::optional<MonoTime> next;
  const auto consider = [&](MonoTime time) { next = next ? std::min(*next, time) : time; };
  if (!history_.empty()) consider(history_.next_expiry());
  if (!idempotency_.empty()) consider(idempotency_.next_expiry());
  if (tail_.size() > 0) consider(tail_.oldest()->appended + options_.tail_age_max);
  return next;
}

}  // namespace madang
