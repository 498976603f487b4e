// SPDX-License-Identifier: Apache-2.0
#include "engine/shard.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/string_view.h"
#include "engine/name_pattern.h"
#include "madang/base/planted_fault.h"

namespace madang {

namespace {

std::size_t logged_bytes(std::string_view room, const Publication& publication) {
  return sizeof(Event) + room.size() + publication.data.size() +
         publication.idempotency_key.size() + 64 * publication.tags.size();
}

}  // namespace

SlotRef Shard::find(std::string_view name) {
  const MutexLock lock(mutex_);
  const auto it = rooms_.find(name);
  return it == rooms_.end() ? nullptr : it->second;
}

absl::StatusOr<SlotRef> Shard::make(std::string_view name, const RoomOptions& options,
                                    std::string epoch, MonoTime now) {
  const MutexLock lock(mutex_);
  const auto found = rooms_.find(name);
  if (found != rooms_.end()) return found->second;
  if (rooms_total_.fetch_add(1, std::memory_order_relaxed) >= limits_.rooms_max) {
    rooms_total_.fetch_sub(1, std::memory_order_relaxed);
    return absl::OutOfRangeError("too many rooms");
  }
  auto slot = std::make_shared<RoomSlot>(std::string(name), options, std::move(epoch),
                                         lanes_.lanes(), next_incarnation_++);
  if (options.is_stored()) {
    slot->state = RoomSlot::State::kLoading;
    slot->open.store(false, std::memory_order_relaxed);
  }
  slot->last_used = now;
  rooms_.emplace(std::string(name), slot);
  sweep_by(slot, now + limits_.empty_room_ttl);
  return slot;
}

std::uint64_t Shard::read_number(const RoomSlot& slot, MonoTime now) const {
  auto lowest = std::numeric_limits<std::uint64_t>::max();
  for (std::size_t lane = 0; lane < lanes_.lanes(); ++lane) {
    const LaneMark& mark = slot.marks[lane];
    if (mark.members > 0 && mark.read_number < lowest && !lanes_.stalled(lane, now)) {
      lowest = mark.read_number;
    }
  }
  return lowest;
}

// What a lane lets gather is not let go of: it must not fill the tail.
bool Shard::may_wait(const RoomSlot& slot, const LaneMark& mark) {
  const Cursor top = slot.room.top();
  return top.messages < mark.waits_for_messages &&
         (top.number - mark.read_number) * 2 < slot.options.tail_events_max &&
         (slot.room.bytes_appended() - mark.read_bytes) * 2 < slot.options.tail_bytes_max;
}

bool Shard::gather(RoomSlot& slot, std::size_t lane, std::uint64_t messages) {
  const MutexLock lock(mutex_);
  LaneMark& mark = slot.marks[lane];
  mark.waits_for_messages = messages;
  mark.waits = may_wait(slot, mark);
  if (mark.waits) mark.marked = false;
  return mark.waits;
}

LaneSet Shard::mark(const SlotRef& slot) {
  LaneSet wake = 0;
  for (std::size_t lane = 0; lane < lanes_.lanes(); ++lane) {
    LaneMark& mark = slot->marks[lane];
    if (mark.members == 0 || mark.marked || (mark.waits && may_wait(*slot, mark))) continue;
    if (planted(Fault::kLostInboxMark) && slot->room.top().number % 8 == 0) continue;
    mark.marked = true;
    mark.keep = slot;
    lanes_.inbox(lane).put(&mark);
    wake |= LaneSet{1} << lane;
  }
  return wake;
}

std::optional<Shard::Published> Shard::publish(const SlotRef& slot, Publication& publication,
                                               MonoTime now, WallTime wall_now) {
  const MutexLock lock(mutex_);
  if (slot->removed) return std::nullopt;
  slot->last_used = now;
  const bool logged = slot->options.durability == Durability::kWriteBehind && publication.keep;
  const std::size_t bytes = logged ? logged_bytes(slot->name(), publication) : 0;
  if (logged && !log_->reserve(bytes, now)) {
    refused_full_.add();
    Published full{{Room::PublishOutcome::kFull}};
    full.log_full = true;
    return full;
  }
  std::string key = logged ? publication.idempotency_key : std::string();
  const auto before = slot->room.top().number;
  const auto read = slot->room.wants_space() ? read_number(*slot, now) : 0;
  Published published =
      appended(slot, slot->room.publish(std::move(publication), read, now, wall_now), before);
  if (!logged) return published;
  if (published.result.event == nullptr) {
    log_->release(bytes);
  } else {
    slot->unsaved.fetch_add(1, std::memory_order_relaxed);
    published.wake_log = log_->put(slot, published.result.event, std::move(key), bytes, now);
  }
  return published;
}

Shard::Published Shard::publish_stored(const SlotRef& slot, Publication& publication, MonoTime now,
                                       WallTime time) {
  const MutexLock lock(mutex_);
  const auto before = slot->room.top().number;
  slot->last_used = now;
  return appended(slot,
                  slot->room.publish(std::move(publication),
                                     std::numeric_limits<std::uint64_t>::max(), now, time),
                  before);
}

Shard::Published Shard::appended(const SlotRef& slot, Room::Published result,
                                 std::uint64_t number_before) {
  if (slot->room.members() == 0) slot->room.forget_tail();
  Published published{std::move(result)};
  if (published.result.outcome == Room::PublishOutcome::kPublished) {
    published_.add();
    expected_.add(slot->room.members());
    if (const auto next = slot->room.next_expiry()) sweep_by(slot, *next);
  } else if (published.result.outcome == Room::PublishOutcome::kFull) {
    refused_full_.add();
  } else {
    repeated_.add();
  }
  // Also a refused message may have brought announcements in before it.
  if (slot->room.top().number != number_before) published.wake = mark(slot);
  return published;
}

std::optional<absl::StatusOr<Shard::Joined>> Shard::join(const SlotRef& slot, std::size_t lane,
                                                         const ClientInfoRef& info,
                                                         const JoinSince& since,
                                                         const PageBounds& bounds, MonoTime now) {
  const MutexLock lock(mutex_);
  if (slot->removed) return std::nullopt;
  if (slot->state != RoomSlot::State::kLive) {
    return absl::StatusOr<Joined>(absl::UnavailableError("the room is not open"));
  }
  if (slot->room.members() >= slot->options.members_max) {
    return absl::StatusOr<Joined>(absl::OutOfRangeError("room is full"));
  }
  Joined joined;
  joined.cursor = joined.top = slot->room.top();
  joined.position = slot->room.position();
  if (since.position) {
    if (auto page = slot->room.recover(*since.position, bounds)) {
      joined.recovered = true;
      joined.cursor = page->end;
      joined.messages = std::move(page->events);
    } else if (since.in_store && slot->options.recovery == RecoveryMode::kStream &&
               slot->room.position_fits(*since.position)) {
      joined.recovered = true;
      // The first page is not here yet: the client is told to stand where it stands.
      joined.position.offset = since.position->offset;
      joined.cursor = {0, since.position->offset, 0};
    }
  }
  LaneMark& mark = slot->marks[lane];
  if (mark.members++ == 0) {
    mark.waits = false;  // of members that have left
    mark.read_number = joined.top.number;
    mark.read_bytes = slot->room.bytes_appended();
  }
  slot->room.enter(info);
  slot->last_used = now;
  joined.announce = note_announcement(slot);
  return absl::StatusOr<Joined>(std::move(joined));
}

Shard::Left Shard::leave(const SlotRef& slot, std::size_t lane, const ClientId& client,
                         MonoTime now) {
  const MutexLock lock(mutex_);
  Left left;
  left.top = slot->room.top();
  --slot->marks[lane].members;
  slot->room.leave(client);
  if (slot->room.members() == 0) slot->room.forget_tail();
  slot->last_used = now;
  left.announce = note_announcement(slot);
  return left;
}

void Shard::take(RoomSlot& slot, std::size_t lane, const PageBounds& bounds, Taken& taken) {
  const MutexLock lock(mutex_);
  LaneMark& mark = slot.marks[lane];
  mark.marked = mark.waits = false;
  if (mark.members == 0) return;
  taken.begin.number = mark.read_number;
  taken.page = slot.room.read_tail(mark.read_number, bounds, taken.begin);
  mark.read_number = taken.page.end.number;
  mark.read_bytes = slot.room.bytes_appended();
}

Shard::CatchUp Shard::read_after(RoomSlot& slot, const Cursor& cursor, const PageBounds& bounds) {
  const MutexLock lock(mutex_);
  CatchUp result;
  result.page = slot.room.read_after(cursor, bounds);
  result.top = slot.room.top();
  result.oldest = slot.room.oldest_cursor();
  result.messages = slot.room.messages_at(cursor.offset);
  if (slot.options.slow_consumer == SlowConsumer::kKeepLatest) {
    result.newest = slot.room.newest_cursor();
  }
  return result;
}

bool Shard::note_announcement(const SlotRef& slot) {
  if (slot->announcing || !slot->room.has_announcements()) return false;
  slot->announcing = true;
  announcing_.push_back(slot);
  return announcing_.size() == 1;
}

bool Shard::list(std::string_view pattern, std::size_t rooms_max, std::vector<RoomFacts>& rooms) {
  const MutexLock lock(mutex_);
  for (const auto& [name, slot] : rooms_) {
    if (slot->room.members() == 0 || !matches_pattern(name, pattern)) continue;
    if (rooms.size() == rooms_max) return false;
    rooms.push_back({name, slot->room.members()});
  }
  return true;
}

LaneSet Shard::announce(MonoTime now, WallTime wall_now, bool& more) {
  const MutexLock lock(mutex_);
  LaneSet wake = 0;
  std::vector<SlotRef> waiting;
  for (auto& slot : announcing_) {
    const auto before = slot->room.top().number;
    if (!slot->room.announce(read_number(*slot, now), now, wall_now)) {
      waiting.push_back(std::move(slot));
      continue;
    }
    slot->announcing = false;
    if (slot->room.top().number != before) {
      wake |= mark(slot);
      if (const auto next = slot->room.next_expiry()) sweep_by(slot, *next);
    }
  }
  announcing_ = std::move(waiting);
  more = !announcing_.empty();
  return wake;
}

void Shard::sweep_by(const SlotRef& slot, MonoTime time) {
  if (slot->sweep_at <= time) return;
  slot->sweep_at = time;
  sweeps_.push({time, slot});
}

bool Shard::sweep(MonoTime now) {
  const MutexLock lock(mutex_);
  for (std::size_t looked = 0; looked < limits_.sweep_max; ++looked) {
    if (sweeps_.empty() || sweeps_.top().time > now) return false;
    const Sweep due = sweeps_.top();
    sweeps_.pop();
    const SlotRef& slot = due.slot;
    if (slot->removed || slot->sweep_at != due.time) continue;
    slot->sweep_at = MonoTime::max();
    slot->room.expire(now, read_number(*slot, now));
    const auto next = slot->room.next_expiry();
    const auto idle_end = slot->last_used + limits_.empty_room_ttl;
    const bool busy = slot->state == RoomSlot::State::kLoading || slot->announcing ||
                      slot->unsaved.load(std::memory_order_acquire) > 0;
    if (slot->room.members() == 0 && !next && !busy && idle_end <= now) {
      slot->removed = true;
      rooms_.erase(slot->name());
      rooms_total_.fetch_sub(1, std::memory_order_relaxed);
      continue;
    }
    // Not at once again: a tail that a lane has not read yet stays past its age.
    sweep_by(slot, std::max(next.value_or(idle_end), now + std::chrono::seconds(1)));
  }
  return true;
}

}  // namespace madang
