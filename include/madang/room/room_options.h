// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "madang/base/time.h"

namespace madang {

// What the bytes of a room's payloads are. JSON is checked once, at publish; bytes are opaque, and
// a room of bytes is closed to clients of a JSON protocol.
enum class PayloadKind : std::uint8_t { kJson, kBytes };

// When joins and leaves are announced to the members.
enum class Announce : std::uint8_t {
  kNever,
  kBySession,  // each tab and device
  kByUser,     // a user's first session in, and the last one out
};

// What a join with a position gets back.
enum class RecoveryMode : std::uint8_t {
  kStream,  // all it missed
  kCache,   // the latest message alone
};

// What happens to a member that reads so slowly that what it needs next is no longer there.
enum class SlowConsumer : std::uint8_t {
  kDisconnect,   // its session is closed (3008), and the client comes again and recovers
  kResubscribe,  // it is told to subscribe again (2500; a server-side subscription: closed, 3010)
  kDropOldest,   // it goes on with the oldest there is. Only without history
  kKeepLatest,   // it goes on with the newest message alone. Only without history
};

// What an acknowledged message survives. The kept messages of a room are its log; others are never
// stored.
enum class Durability : std::uint8_t {
  kMemory,       // nothing: the room is in memory alone
  kWriteBehind,  // delivered and acknowledged at once, stored within WriteBehindLimits::age_max
  kDurable,      // stored first; nobody sees it, and nobody is told that it is there, before
};

struct HistoryOptions {
  std::size_t messages_max = 0;  // 0: no history, and no positions
  std::size_t bytes_max = 16 * 1024 * 1024;
  Duration age_max = std::chrono::minutes(5);
};

// Messages that come close together may wait for each other, so that a member gets them in one
// write. What waits is in the room already: it is acknowledged, in the history, and what a recovery
// begins with; only members that are live get it later. It goes out sooner when so much waits that
// publishing would have to be refused.
struct BatchOptions {
  // How long the first of them waits at most. A message after a quiet time of this length goes out
  // at once. Zero: nobody waits.
  Duration delay = Duration::zero();
  // So many go out without waiting longer.
  std::size_t messages_max = 64;
};

// How one room behaves; asked of the host once, when the room is made, and fixed for its life.
struct RoomOptions {
  PayloadKind payload_kind = PayloadKind::kJson;
  HistoryOptions history = {};
  RecoveryMode recovery = RecoveryMode::kStream;
  // Other than kMemory only with a history, which then is what memory holds of a longer one, and
  // with EngineOptions::storage.
  Durability durability = Durability::kMemory;
  SlowConsumer slow_consumer = SlowConsumer::kDisconnect;

  // Members that ask for it get what changed since the message before (base/fossil_delta.h), where
  // that is smaller than the message.
  bool delta = false;
  BatchOptions batch = {};

  // Whether the room knows its members by name: presence().
  bool presence = false;
  Announce announce = Announce::kNever;
  // Announcements go to every member, not only to those that asked for them as they joined.
  bool announce_to_all = false;
  // Announcements stop while the room has more members than this: each costs one message a member.
  std::size_t announce_members_max = 100;

  // A join above this is answered OutOfRange.
  std::size_t members_max = 10'000'000;
  // The newest events, which lanes and slow members read. When it is full and a lane has not read
  // its oldest event yet, a publish is answered ResourceExhausted.
  std::size_t tail_events_max = 4'096;
  std::size_t tail_bytes_max = 8 * 1024 * 1024;
  Duration tail_age_max = std::chrono::seconds(10);
  // How long an idempotency key is remembered, and how many of them.
  Duration idempotency_ttl = std::chrono::minutes(5);
  std::size_t idempotency_keys_max = 10'000;

  bool has_positions() const { return history.messages_max > 0; }
  bool is_stored() const { return durability != Durability::kMemory; }
};

}  // namespace madang
