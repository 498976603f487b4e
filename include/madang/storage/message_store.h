// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "madang/base/callback.h"
#include "madang/base/payload.h"
#include "madang/base/time.h"
#include "madang/room/event.h"

namespace madang {

class MessageRetention;
class MessageSearch;

// A message as a store keeps it. (room, offset) is its key: what is stored there is never replaced,
// and the offsets of a new epoch begin above all that are stored.
struct StoredMessage {
  std::string room = {};
  std::string epoch = {};
  std::uint64_t offset = 0;  // 1 to 2^62
  WallTime time = {};        // fixed at publish, so that a retry stores the same
  Payload data = {};
  ClientInfoRef info = {};  // who published; null: the host
  Tags tags = {};
  std::string idempotency_key = {};  // with the scope it counts in; empty: none

  // What it costs in memory, about.
  std::size_t bytes() const {
    return sizeof(StoredMessage) + room.size() + data.size() + idempotency_key.size() +
           64 * tags.size();
  }
};

// Whether two are the same message, so that a retry may be answered as the first try.
bool same_message(const StoredMessage& a, const StoredMessage& b);

// What no store takes: InvalidArgument for a room's name that is not of 1 to 255 bytes, or an
// offset that is 0 or above 2^62.
absl::Status check_storable(const StoredMessage& message);

using MessageBatch = std::vector<StoredMessage>;

// Why a store would not take a batch.
struct Refusal {
  std::size_t index = 0;  // in the batch
  absl::Status status;    // AlreadyExists: another message has this place. Else: its content
};
struct AppendResult {
  // Empty: all are stored. Else nothing of the batch is.
  std::vector<Refusal> refused;
};

// What is to be had of a room that comes into memory.
struct LoadRequest {
  std::string room;
  // The newest messages, within both bounds and not older than `since`.
  std::size_t messages_max = 0;
  std::size_t bytes_max = 0;
  WallTime since = {};
  // The newest idempotency keys that are not older than `keys_since`.
  std::size_t keys_max = 0;
  WallTime keys_since = {};
};

// How far what a store has of a room can be trusted to be all that anyone was told of.
enum class Continuity : std::uint8_t {
  kComplete,  // the writers since ended cleanly: no offset was ever given beyond these
  kStored,    // one ended uncleanly, and may have given offsets that were never stored
  kBroken,    // the store is not the one it was (a backup brought back, a fail-over): what was
              // acknowledged may be missing
};

struct StoredKey {
  std::string key;
  std::uint64_t offset = 0;
  WallTime time = {};
};

struct StoredRoom {
  // The newest offset ever stored, also if the message was removed since; 0: nothing ever was.
  std::uint64_t top = 0;
  std::string epoch = {};   // of the newest
  std::uint64_t first = 0;  // the oldest offset that can be read; top + 1: none
  Continuity continuity = Continuity::kComplete;
  std::vector<StoredMessage> messages = {};  // the newest, in order
  std::vector<StoredKey> keys = {};          // oldest first
};

enum class Direction : std::uint8_t { kUp, kDown };

// One page by cursor, never by number.
struct PageRequest {
  std::string room;
  // Not included. Up: starts above it. Down: starts below it.
  std::uint64_t cursor = 0;
  Direction direction = Direction::kUp;
  // The page ends at the first bound it meets; one message always fits.
  std::size_t messages_max = 0;
  std::size_t bytes_max = 0;
  // The newest offset that is known to be stored. A store that asks a replica takes no page from it
  // that ends before this, has a hole, or comes without what is known to be there.
  std::uint64_t stored_top = 0;
};

struct StoredPage {
  std::vector<StoredMessage> messages = {};  // in the order of the direction
  std::uint64_t first = 0;                   // the oldest offset that can be read now
};

struct OpenResult {
  // Names this store's past. It changes when the data may have gone back in time.
  std::string lineage;
};

// Where messages stay. The engine is its only user and keeps these rules: open() is the first call
// and nothing follows before its answer; append() is called with one batch at a time, and with the
// batch that got no clear answer again, unchanged, until it gets one; within a batch the offsets of
// a room ascend; close() is the last call.
//
// Calls come from any thread and do not wait: work is done elsewhere, and the callback comes on a
// thread of the store's, or before the call returns. It is called once, whatever happens; what a
// store cannot answer when it is destroyed, it answers Unavailable. A callback does not wait
// either.
//
// Errors are the same everywhere:
//   Unavailable          not reachable now, or it is not known what became of it: call again
//   ResourceExhausted    no space: call again
//   FailedPrecondition   another writer has taken over, or the schema is newer than this library:
//                        calling again does not help
//   DataLoss             what is there can not be read as what was written
// madang/testing/message_store_conformance.h holds an implementation to all this.
class MessageStore {
 public:
  virtual ~MessageStore() = default;

  // Makes the schema if it is not there, and becomes the one writer: FailedPrecondition while
  // another is. From now on, until close(), the last writer counts as one that ended uncleanly.
  virtual void open(Callback<OpenResult> done) = 0;

  // NotFound is no answer here: a room that never was has top 0.
  virtual void load(LoadRequest request, Callback<StoredRoom> done) = 0;

  // Stores all of it or nothing. OK means that it is there after a loss of power. What is stored
  // already, with the same content, is fine. What is missing below a room's top is stored too and
  // changes neither top nor epoch, so that a store can be filled from another while it is in use.
  virtual void append(MessageBatch batch, Callback<AppendResult> done) = 0;

  // A page that is empty is the end.
  virtual void read(PageRequest request, Callback<StoredPage> done) = 0;

  // Removes the messages of a room up to `offset` and with it. The room's top and epoch stay.
  virtual void remove(std::string room, std::uint64_t offset, StatusCallback done) = 0;

  // Notes that every offset ever given is stored, and lets another writer in. Without this call the
  // writer ended uncleanly.
  virtual void close(StatusCallback done) = 0;

  // For how long from now no other process can become the writer, also if this one does not reach
  // the store. Zero unless it is open; and for a store that lets the next writer in as soon as it
  // has lost sight of this one. Any thread.
  virtual Duration lease_left() const { return Duration(0); }

  // The small interfaces beside; null where a store does not offer them. They live as long as it.
  virtual MessageSearch* search() { return nullptr; }
  virtual MessageRetention* retention() { return nullptr; }
};

}  // namespace madang
