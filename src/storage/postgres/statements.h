// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "storage/postgres/connection.h"

namespace madang::postgres {

inline constexpr std::int64_t kSchemaVersion = 3;

// What a select of messages gives, in this order, after the columns that come before them.
enum MessageColumn { kPos, kTime, kEpoch, kData, kExtra, kKey, kMessageColumns };

// Everything that is asked of a server, for the tables of one schema. The schema's name has been
// checked; all else are parameters.
//
// The tables: `meta` has one row, `rooms` one a room, `messages` one a message under the key (room,
// pos, time), where `pos` is the offset. Names, epochs and payloads are bytes, times milliseconds.
// `meta` also says until when, by the server's clock, only `lease_owner` may become the writer; a
// schema of version 1 does not have that. The index of words is in `segments`, one row each, and
// `words`, one row a part; what it does not have yet of a room, in `unindexed`: up to version 2 it
// was an index of `messages`. A room's `removed` is the
// newest offset that remove() was told; `term` and `lineage` are those under which its epoch was
// first stored.
struct Statements {
  explicit Statements(const std::string& schema);

  Statement begin, begin_reading, commit;

  // Sessions.
  Statement configure;        // (milliseconds of a statement) -> standby?, fsync, system, timeline
  Statement past;             // -> lineage
  Statement own_session;      // -> pid, start
  Statement end_session;      // (pid, start)
  Statement limit_lock_wait;  // (milliseconds)
  Statement limit_transaction;  // (milliseconds) each statement, up to its end
  Statement lock;               // (key)

  // The schema.
  Statement existing;  // -> is there the schema? are there the tables?
  Statement create_schema;
  std::vector<Statement> create;
  std::vector<Statement> create_index;
  Statement months;                // -> names of the partitions
  std::vector<Statement> upgrade;  // from an older version, before create_index
  Statement term;                  // -> term, version, milliseconds left of the lease, its owner
  Statement take_over;             // (milliseconds of a lease, owner) -> term, unclean
  Statement renew_lease;           // (term, milliseconds)
  Statement end_cleanly;           // (term)
  // One more month; nothing if messages of it lie in the default partition.
  Statement create_month(int month) const;
  Statement drop_month(int month) const;
  Statement count_month(int month) const;  // (at most) -> count

  // Appending.
  Statement fence;         // -> term, which nobody can change until commit
  Statement rooms_named;   // (names) -> id, name, top, first, removed, term, lineage, epoch
  Statement places;        // (ids, offsets) -> room, message
  Statement create_rooms;  // (names) -> id, name
  Statement update_rooms;  // (ids, tops, firsts, terms, lineages, epochs)
  std::string copy;

  // Reading.
  Statement load_room;      // (name) -> top, first, term, lineage, epoch
  Statement load_messages;  // (name, messages, bytes, since) -> message, newest first
  Statement load_keys;      // (name, keys, since) -> key, pos, time, newest first
  Statement page_up;        // (name, cursor, messages, bytes) -> top, first, message or nulls
  Statement page_down;
  Statement replayed;  // -> where a replica is in the log
  Statement written;   // -> where the primary is

  // Removing.
  Statement mark_removed;   // (name, offset) -> id
  Statement refresh_first;  // (ids)
  Statement delete_below;   // (name, at most)
  Statement list_rooms;     // (after, at most) -> name, first, top, epoch, time of the first
  Statement delete_older;   // (from, last, at most) -> room, one for each
  Statement rooms_between;  // (from, last) -> room

  // The index of words. A segment's row is id, messages, newest, oldest, term bits.
  Statement add_segment;        // (level, segment's row but the id, parts, their data)
  Statement level_to_merge;     // -> level; no row: none
  Statement segments_to_merge;  // (level) -> segment's row, the oldest first
  Statement parts_to_merge;     // (level) -> segment, part, data, in this order
  Statement forget_segments;    // (ids)
  Statement forget_older;       // (time)
  Statement next_unindexed;     // -> id, name, newest offset that is not in the index
  Statement note_indexed;       // (id, what is now the newest)
  Statement note_all_indexed;   // (id)
  Statement segments;           // (from) -> segment's row, of those that reach back so far
  Statement segment_parts;      // (segments, parts) -> segment, part, data, where there is one
  Statement messages_at;  // (rooms, offsets, times) -> which of them from 1 on, message, in order

 private:
  std::string schema_;
};

}  // namespace madang::postgres
