// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace madang {

// A reading of what an engine has counted since it was made. The account balances whenever nothing
// is under way:
//
//   expected == delivered + excluded + dropped_oldest + dropped_latest + dropped_not_kept
//               + left_before_delivery + told_of_gap + waiting
struct EngineCounters {
  // Messages accepted into rooms, and of these each counted once a member at that moment.
  std::uint64_t published = 0;
  std::uint64_t expected = 0;
  // Refused with ResourceExhausted because a tail was full, and repeats by idempotency key.
  std::uint64_t publishes_refused_full = 0;
  std::uint64_t publishes_repeated = 0;

  // Handed to a transport.
  std::uint64_t delivered = 0;
  // Not for this member: it is the sender, and the publish excluded it.
  std::uint64_t excluded = 0;
  // Lost to a slow member by its room's policy, or because the history does not keep them.
  std::uint64_t dropped_oldest = 0;
  std::uint64_t dropped_latest = 0;
  std::uint64_t dropped_not_kept = 0;
  // The member left, or its session ended, with these still to come.
  std::uint64_t left_before_delivery = 0;
  // The member was told that it missed them (2500, 3008, 3010).
  std::uint64_t told_of_gap = 0;
  // Wait for a member in a tail, a history or an outbox. Only counted by Engine::counters_now().
  std::uint64_t waiting = 0;
  // Messages from before a member came, sent because it asked for them. Not part of the account.
  std::uint64_t recovered = 0;

  std::uint64_t sessions = 0;       // now
  std::uint64_t subscriptions = 0;  // now
  std::uint64_t rooms = 0;          // now

  std::uint64_t connects = 0;
  std::uint64_t joins = 0;
  std::uint64_t commands = 0;
  std::uint64_t commands_refused = 0;  // by the command bucket
  std::uint64_t closed_slow = 0;
  std::uint64_t closed_no_pong = 0;
  std::uint64_t closed_by_peer = 0;
  std::uint64_t closed_for_cause = 0;  // every other reason of ours

  std::uint64_t handler_threw = 0;
  std::uint64_t handler_timed_out = 0;
  std::uint64_t handler_dropped_reply = 0;
  std::uint64_t handler_answered_twice = 0;
  std::uint64_t handler_answered_late = 0;  // for a session or subscription that had gone
  std::uint64_t lane_tasks_refused = 0;
};

}  // namespace madang
