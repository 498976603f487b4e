// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "madang/room/announcements.h"
#include "madang/room/event.h"
#include "madang/room/history.h"
#include "madang/room/idempotency.h"
#include "madang/room/presence.h"
#include "madang/room/room_options.h"
#include "madang/room/tail.h"

namespace madang {

// A message on its way into a room.
struct Publication {
  Payload data = {};
  ClientInfoRef info = {};  // who publishes; null: the host
  Tags tags = {};
  std::string idempotency_key = {};  // with the scope it counts in; empty: none
  bool keep = true;                  // whether the history keeps it, if the room has one
  ClientId exclude = {};             // a session that shall not get it; nil: none
};

// What a reader got.
enum class ReadStatus : std::uint8_t {
  kMore,  // the page is full, there is more
  kEnd,   // the page reaches the newest event
  kLost,  // what comes next for this reader is no longer here; the page is empty
};

struct EventPage {
  std::vector<EventRef> events;
  Cursor end;  // of a reader that has the page
  ReadStatus status = ReadStatus::kEnd;
};

struct PageBounds {
  std::size_t messages_max = 0;
  std::size_t bytes_max = 0;
};

// A page of history by cursor. Without `since` it starts at the oldest, or in reverse at the
// newest.
struct HistoryQuery {
  std::optional<StreamPosition> since = {};  // not included in the page; an empty epoch fits any
  std::size_t limit = 0;                     // 0: only the position
  bool reverse = false;
};

// One room: an order of events, the newest of them, the kept messages, and who is in it. Pure
// state: no lock, clock, thread or socket; it is told the time and told what to do. Its shard
// guards it.
class Room {
 public:
  // `epoch` names this history and must never have named another.
  Room(std::string name, const RoomOptions& options, std::string epoch);

  const std::string& name() const { return name_; }
  const RoomOptions& options() const { return options_; }
  const std::string& epoch() const { return epoch_; }

  enum class PublishOutcome : std::uint8_t { kPublished, kDuplicate, kFull };
  struct Published {
    PublishOutcome outcome;
    std::uint64_t offset = 0;  // 0: not kept
    EventRef event = {};       // null unless it was published
  };

  // What a store had of the room.
  struct Restored {
    std::string epoch = {};
    std::uint64_t top = 0;
    std::vector<Event> messages = {};  // in order; those that do not reach the top are left out
    struct Key {
      std::string key;
      std::uint64_t offset = 0;
      MonoTime expires;
    };
    std::vector<Key> keys = {};  // oldest first
  };
  // Before anybody comes in or publishes.
  void restore(Restored restored, MonoTime now);

  // Numbers the message and appends it, after the announcements that wait. `read_number` is the
  // last event that every reader worth waiting for has read: newer ones are not dropped, so that
  // the tail can be full.
  Published publish(Publication publication, std::uint64_t read_number, MonoTime now,
                    WallTime wall_now);

  // A session comes in or goes. Its announcement waits for announce() or for the next message.
  void enter(ClientInfoRef info);
  void leave(const ClientId& client);

  // Whether the next append may have to drop something from the tail.
  bool wants_space() const;

  bool has_announcements() const { return !announcements_.empty(); }
  // Appends what is to be announced. Returns false if the tail is full; the rest waits.
  bool announce(std::uint64_t read_number, MonoTime now, WallTime wall_now);

  // Where a reader stands that has everything up to now.
  Cursor top() const;

  // What comes after `cursor`, from the tail or, further back, from the history (kept messages
  // alone). A page is bounded; the first event always fits.
  EventPage read_after(const Cursor& cursor, const PageBounds& bounds) const;

  // The same for a lane, which has read up to `number` and is never lost unless it stood still:
  // then it goes on with the oldest event. `begin` is set to the cursor before the page.
  EventPage read_tail(std::uint64_t number, const PageBounds& bounds, Cursor& begin) const;

  // Where a reader goes on that has lost its place: before the oldest event of the tail, or before
  // the newest message.
  Cursor oldest_cursor() const;
  Cursor newest_cursor() const;

  // What a joining client missed since `since`; nothing if that can not be told. The page's cursor
  // is where the client goes on. Read before the join's own announcement.
  std::optional<EventPage> recover(const StreamPosition& since, const PageBounds& bounds) const;

  StreamPosition position() const { return {history_.top(), epoch_}; }
  bool position_fits(const StreamPosition& position) const;
  std::vector<EventRef> read_history(const HistoryQuery& query, const PageBounds& bounds) const;
  void clear_history(std::uint64_t offset) { history_.clear(offset); }

  // The offset that `key` was given; null if it is not known.
  const std::uint64_t* find_key(std::string_view key, MonoTime now) const {
    return idempotency_.find(key, now);
  }
  // The messages up to this offset are stored; those above are kept here, whatever the bounds say.
  void stored(std::uint64_t offset) { history_.hold_above(offset); }
  // The oldest offset in memory; one above the top if there is none.
  std::uint64_t first_offset() const { return history_.first(); }
  // A lower bound of Cursor::messages at a kept message that is no longer here.
  std::uint64_t messages_at(std::uint64_t offset) const {
    return offset <= base_.offset ? 0 : base_.messages + offset - base_.offset;
  }

  // How many bytes of events came in since the room was made.
  std::uint64_t bytes_appended() const { return tail_.bytes_appended(); }
  std::uint64_t members() const { return members_; }
  // Lets go of the tail; for when there is nobody to read it.
  void forget_tail();
  const Presence& presence() const { return presence_; }

  // Lets go of what is past its age.
  void expire(MonoTime now, std::uint64_t read_number);
  // When expire() should be called next; nothing while there is nothing to expire.
  std::optional<MonoTime> next_expiry() const;

 private:
  bool knows_members() const { return options_.presence || options_.announce != Announce::kNever; }
  void note_announcement(EventKind kind, const ClientInfoRef& info);
  // Where the message of this offset stands, which is in the tail.
  Cursor tail_cursor(std::uint64_t offset) const;
  void read_tail_into(EventPage& page, const PageBounds& bounds) const;
  void drop_oldest_of_tail();
  bool make_space(std::uint64_t read_number);
  EventRef append(Event event, MonoTime now, WallTime wall_now);

  const std::string name_;
  const RoomOptions options_;
  std::string epoch_;  // constant once somebody may come in

  Tail tail_;
  History history_;
  Presence presence_;
  Announcements announcements_;
  Idempotency idempotency_;
  std::uint64_t members_ = 0;
  // Of the newest message, in a room that sends deltas.
  Payload newest_data_;
  bool newest_kept_ = true;
  Cursor base_;         // where this memory of the room begins
  Cursor before_tail_;  // the cursor of a reader that has all but the tail
  Cursor top_;
};

}  // namespace madang
