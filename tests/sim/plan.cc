// SPDX-License-Identifier: Apache-2.0
#include "sim/plan.h"

#include <chrono>

namespace madang::sim {
namespace {

using std::chrono::seconds;

RoomOptions draw_room(SeededRandom& draw) {
  RoomOptions room;
  if (draw.below(3) > 0) {
    room.history.messages_max = 3 + draw.below(40);
    room.history.age_max = seconds(draw.below(2) == 0 ? 300 : 20);
    if (draw.below(5) == 0) room.recovery = RecoveryMode::kCache;
    room.slow_consumer =
        draw.below(2) == 0 ? SlowConsumer::kDisconnect : SlowConsumer::kResubscribe;
  } else {
    constexpr SlowConsumer kPolicies[] = {SlowConsumer::kDisconnect, SlowConsumer::kResubscribe,
                                          SlowConsumer::kDropOldest, SlowConsumer::kKeepLatest};
    room.slow_consumer = kPolicies[draw.below(4)];
  }
  room.presence = draw.below(4) > 0;
  constexpr Announce kAnnounces[] = {Announce::kNever, Announce::kBySession, Announce::kByUser};
  room.announce = kAnnounces[draw.below(3)];
  room.announce_to_all = draw.below(3) == 0;
  if (draw.below(6) == 0) room.announce_members_max = 3;
  room.tail_events_max = 4 + draw.below(60);
  if (draw.below(6) == 0) room.tail_bytes_max = 4'096;
  room.tail_age_max = seconds(draw.below(2) == 0 ? 60 : 5);
  room.idempotency_ttl = seconds(30);
  room.idempotency_keys_max = 16;
  if (draw.below(12) == 0) room.members_max = 4;
  room.delta = draw.below(3) == 0;
  if (draw.below(4) == 0) {
    room.batch.delay = std::chrono::milliseconds(1 + draw.below(kBatchDelayMaxMs));
    room.batch.messages_max = 1 + draw.below(12);
  }
  return room;
}

Limits draw_limits(SeededRandom& draw, bool patient) {
  Limits limits;
  limits.rooms_per_session_max = draw.below(4) == 0 ? 3 : 8;
  limits.outbox_bytes_max = (patient ? 16 : 4 + 4 * draw.below(3)) * 1'024;
  limits.outbox_events_bytes_max = limits.outbox_bytes_max / 2;
  limits.commands_waiting_max = 4 + draw.below(30);
  limits.command_burst = draw.below(4) == 0 ? 10 : 200;
  limits.commands_per_second = draw.below(4) == 0 ? 5 : 100;
  limits.errors_per_session_max = 100'000;
  limits.expiry_grace = seconds(5);
  limits.empty_room_ttl = seconds(draw.below(2) == 0 ? 600 : 15);
  limits.lane_stall_timeout = patient ? Duration(std::chrono::hours(24 * 365)) : seconds(1);
  limits.page_messages_max = 2 + draw.below(12);
  limits.page_bytes_max = 512 + draw.below(1'500);
  limits.batch_events_max = 1 + draw.below(24);
  limits.deliveries_per_turn_max = 1 + draw.below(24);
  limits.sweep_max = 1 + draw.below(8);
  limits.encode_cache_bytes_max = 4'096;
  return limits;
}

}  // namespace

Plan draw_plan(SeededRandom& draw) {
  Plan plan;
  plan.patient = draw.below(2) == 0;
  plan.lanes = 2 + draw.below(3);
  plan.clients = 3 + draw.below(draw.below(3) == 0 ? 38 : 12);
  plan.users = 1 + draw.below(plan.clients);
  plan.steps = 800 + draw.below(2'400);
  plan.odd_answers_percent = draw.below(3) == 0 ? 0 : draw.below(60);
  plan.limits = draw_limits(draw, plan.patient);
  const auto rooms = 1 + draw.below(6);
  for (std::size_t i = 0; i < rooms; ++i) {
    plan.rooms.push_back({"마당:" + std::to_string(i), draw_room(draw)});
  }
  return plan;
}

}  // namespace madang::sim
