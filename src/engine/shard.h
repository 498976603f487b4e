// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <queue>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "engine/mutex.h"
#include "engine/room_slot.h"
#include "madang/base/counters.h"
#include "madang/base/hash.h"
#include "madang/base/limits.h"
#include "madang/engine/room_facts.h"
#include "madang/room/room.h"

namespace madang {

using SlotRef = std::shared_ptr<RoomSlot>;

// A set of lanes, as a bit each.
using LaneSet = std::uint64_t;

// What a shard needs to know of the lanes.
class LaneDirectory {
 public:
  virtual ~LaneDirectory() = default;
  virtual std::size_t lanes() const = 0;
  virtual Inbox& inbox(std::size_t lane) = 0;
  // Whether the lane has been asked to read and has not turned for too long to be waited for.
  virtual bool stalled(std::size_t lane, MonoTime now) const = 0;
};

// Where the messages of a write-behind room go, in the order of their offsets. Called under the
// shard's lock: it takes none, and waits for nobody.
class StoreLog {
 public:
  virtual ~StoreLog() = default;
  virtual bool reserve(std::size_t bytes, MonoTime now) = 0;
  virtual void release(std::size_t bytes) = 0;
  // Whether its reader has to be woken, after the lock.
  virtual bool put(const SlotRef& slot, EventRef event, std::string key, std::size_t bytes,
                   MonoTime now) = 0;
};

// A partition of the rooms with the one lock there is. Nothing that someone else wrote runs under
// it; lanes to be woken are named to the caller, who wakes them afterwards.
class alignas(64) Shard {
 public:
  // `rooms` counts the rooms of all shards. What stored rooms publish goes into `log`, which may be
  // null where no room is stored.
  Shard(LaneDirectory& lanes, StoreLog* log, const Limits& limits, std::atomic<std::size_t>& rooms,
        std::uint64_t index)
      : lanes_(lanes),
        log_(log),
        limits_(limits),
        rooms_total_(rooms),
        next_incarnation_(index << 40) {}

  // Null if there is no such room.
  SlotRef find(std::string_view name) ABSL_LOCKS_EXCLUDED(mutex_);
  // The room of this name, made if it is not there. OutOfRange if there are too many.
  absl::StatusOr<SlotRef> make(std::string_view name, const RoomOptions& options, std::string epoch,
                               MonoTime now) ABSL_LOCKS_EXCLUDED(mutex_);

  // --- Rooms that are loaded from a store ------------------------------------------------------
  // Calls `waiter` with the slot's fate, at once (on this thread, without the lock) or when it is
  // known. ResourceExhausted if too many wait.
  void wait(const SlotRef& slot, RoomSlot::Waiter waiter) ABSL_LOCKS_EXCLUDED(mutex_);
  // What the store had. Those who wait are called, in order, and then the room is open.
  void loaded(const SlotRef& slot, Room::Restored restored, std::uint64_t store_first, MonoTime now)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // There was no answer of use: those who wait get `why`, and the next who asks tries again.
  void not_loaded(const SlotRef& slot, const absl::Status& why) ABSL_LOCKS_EXCLUDED(mutex_);
  // The room takes and tells nothing more.
  void stop(const SlotRef& slot) ABSL_LOCKS_EXCLUDED(mutex_);
  // The messages up to `offset` are stored.
  void stored(const SlotRef& slot, std::uint64_t offset) ABSL_LOCKS_EXCLUDED(mutex_);

  // The calls below answer nothing, and change nothing, if the room is no longer in the table: look
  // it up again.

  struct Published {
    Room::Published result;
    LaneSet wake = 0;
    bool wake_log = false;
    bool log_full = false;
  };
  std::optional<Published> publish(const SlotRef& slot, Publication& publication, MonoTime now,
                                   WallTime wall_now) ABSL_LOCKS_EXCLUDED(mutex_);
  // A message of a durable room that is stored, or need not be: it comes in whatever the lanes have
  // read, because it is too late to refuse it. Those that have not read what goes for it catch up.
  Published publish_stored(const SlotRef& slot, Publication& publication, MonoTime now,
                           WallTime time) ABSL_LOCKS_EXCLUDED(mutex_);

  struct JoinSince {
    std::optional<StreamPosition> position = {};
    // The store goes back to there, if memory does not.
    bool in_store = false;
  };
  struct Joined {
    Cursor cursor;  // where the member goes on
    Cursor top;     // where the room stood
    StreamPosition position;
    bool recovered = false;
    std::vector<EventRef> messages;  // recovered
    bool announce = false;           // the first announcement of the shard waits
  };
  // OutOfRange if the room is full.
  std::optional<absl::StatusOr<Joined>> join(const SlotRef& slot, std::size_t lane,
                                             const ClientInfoRef& info, const JoinSince& since,
                                             const PageBounds& bounds, MonoTime now)
      ABSL_LOCKS_EXCLUDED(mutex_);

  struct Left {
    Cursor top;
    bool announce = false;
  };
  Left leave(const SlotRef& slot, std::size_t lane, const ClientId& client, MonoTime now)
      ABSL_LOCKS_EXCLUDED(mutex_);

  // Takes the events a lane has not read yet, and its mark, which may be set again at once.
  struct Taken {
    Cursor begin;
    EventPage page;
  };
  void take(RoomSlot& slot, std::size_t lane, const PageBounds& bounds, Taken& taken)
      ABSL_LOCKS_EXCLUDED(mutex_);

  // The lane has taken the mark out of its inbox and would let news gather until there are
  // `messages` in the room. False if that is not to be waited for: there are as many, or so much
  // that publishing would soon be refused.
  bool gather(RoomSlot& slot, std::size_t lane, std::uint64_t messages) ABSL_LOCKS_EXCLUDED(mutex_);

  // A member catches up. If it is lost, where its room's policy may put it comes along.
  struct CatchUp {
    EventPage page;
    Cursor top;
    Cursor oldest;
    Cursor newest;
    std::uint64_t messages = 0;  // Room::messages_at() the cursor
  };
  CatchUp read_after(RoomSlot& slot, const Cursor& cursor, const PageBounds& bounds)
      ABSL_LOCKS_EXCLUDED(mutex_);

  // Runs a short look at the room under the lock.
  template <typename Look>
  auto look(RoomSlot& slot, Look look) ABSL_LOCKS_EXCLUDED(mutex_) {
    const MutexLock lock(mutex_);
    return look(slot.room);
  }

  // Adds the rooms that have members and whose names match; false if there would be more than
  // `rooms_max`.
  bool list(std::string_view pattern, std::size_t rooms_max, std::vector<RoomFacts>& rooms)
      ABSL_LOCKS_EXCLUDED(mutex_);

  // Tells members of joins and leaves that waited.
  // `more` is set if some must wait longer, for a full tail.
  LaneSet announce(MonoTime now, WallTime wall_now, bool& more) ABSL_LOCKS_EXCLUDED(mutex_);

  // Lets go of what is past its age, in at most Limits::sweep_max rooms. True if there is more.
  bool sweep(MonoTime now) ABSL_LOCKS_EXCLUDED(mutex_);

  const Counter& published() const { return published_; }
  const Counter& expected() const { return expected_; }
  const Counter& refused_full() const { return refused_full_; }
  const Counter& repeated() const { return repeated_; }

 private:
  struct Sweep {
    MonoTime time;
    SlotRef slot;
    bool operator>(const Sweep& other) const { return time > other.time; }
  };

  std::uint64_t read_number(const RoomSlot& slot, MonoTime now) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  static bool may_wait(const RoomSlot& slot, const LaneMark& mark);
  LaneSet mark(const SlotRef& slot) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Makes sure that sweep() looks at the room at `time` or before.
  void sweep_by(const SlotRef& slot, MonoTime time) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool note_announcement(const SlotRef& slot) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  void call_waiters(const SlotRef& slot, const absl::Status& outcome) ABSL_LOCKS_EXCLUDED(mutex_);
  Published appended(const SlotRef& slot, Room::Published result, std::uint64_t number_before)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  LaneDirectory& lanes_;
  StoreLog* const log_;
  const Limits& limits_;
  std::atomic<std::size_t>& rooms_total_;

  Mutex mutex_;
  std::uint64_t next_incarnation_ ABSL_GUARDED_BY(mutex_);
  StringMap<SlotRef> rooms_ ABSL_GUARDED_BY(mutex_);
  // When to look at a room; only the entry that says RoomSlot::sweep_at counts.
  std::priority_queue<Sweep, std::vector<Sweep>, std::greater<>> sweeps_ ABSL_GUARDED_BY(mutex_);
  std::vector<SlotRef> announcing_ ABSL_GUARDED_BY(mutex_);

  Counter published_;
  Counter expected_;
  Counter refused_full_;
  Counter repeated_;
};

}  // namespace madang
