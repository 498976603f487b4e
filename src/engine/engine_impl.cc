// SPDX-License-Identifier: Apache-2.0
#include "engine/engine_impl.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "engine/session_impl.h"
#include "madang/base/hash.h"

namespace madang {
namespace {

constexpr std::size_t kLanesMax = 64;
constexpr std::size_t kShardsMax = 4096;

}  // namespace

void LogGate::write(LogLevel level, std::string_view cause, std::string_view text, MonoTime now) {
  if (sink_ == nullptr) return;
  const auto second = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
  if (second_.exchange(second, std::memory_order_relaxed) != second) {
    lines_.store(0, std::memory_order_relaxed);
  }
  if (lines_.fetch_add(1, std::memory_order_relaxed) < kLinesPerSecond) {
    sink_->write(level, cause, text);
  }
}

absl::StatusOr<std::unique_ptr<Engine>> Engine::create(EngineOptions options) {
  const auto& lanes = options.lanes;
  if (lanes.empty() || lanes.size() > kLanesMax ||
      std::find(lanes.begin(), lanes.end(), nullptr) != lanes.end()) {
    return absl::InvalidArgumentError("an engine has 1 to 64 lanes");
  }
  if (!std::has_single_bit(options.shards) || options.shards > kShardsMax) {
    return absl::InvalidArgumentError("the number of shards is a power of two, at most 4096");
  }
  const Limits& limits = options.limits;
  if (limits.outbox_events_bytes_max > limits.outbox_bytes_max || limits.page_messages_max == 0 ||
      limits.batch_events_max == 0 || limits.deliveries_per_turn_max == 0 ||
      limits.ping_interval <= Duration(0)) {
    return absl::InvalidArgumentError("the limits contradict each other");
  }
  return std::make_unique<EngineImpl>(std::move(options));
}

EngineImpl::EngineImpl(EngineOptions options)
    : handlers_(std::move(options.handlers)),
      limits_(options.limits),
      log_(options.log),
      epoch_secret_(options.random != nullptr ? options.random->next() : SystemRandom().next()),
      clock_(*options.lanes.front()) {
  SystemRandom system;
  RandomSource& random = options.random != nullptr ? *options.random : system;
  for (std::size_t i = 0; i < options.lanes.size(); ++i) {
    lanes_.push_back(std::make_shared<Lane>(*this, i, *options.lanes[i], limits_, random.next()));
  }
  if (options.storage.store != nullptr) {
    storage_ = std::make_unique<RoomStorage>(*this, *options.lanes.front(),
                                             std::move(options.storage), random.next());
  }
  for (std::size_t i = 0; i < options.shards; ++i) {
    shards_.push_back(std::make_unique<Shard>(*this, storage_.get(), limits_, rooms_, i));
    lanes_[i % lanes_.size()]->keep_swept(*shards_.back());
  }
  for (const auto& lane : lanes_) {
    lane->post([](Lane& home) { home.start(); });
  }
  if (storage_ != nullptr) storage_->open();
}

EngineImpl::~EngineImpl() = default;

// --- Rooms ---------------------------------------------------------------------------------------

std::size_t EngineImpl::shard_index(std::string_view room) const {
  return placement_hash(room) & (shards_.size() - 1);
}

Shard& EngineImpl::shard_of(std::string_view room) { return *shards_[shard_index(room)]; }

std::string EngineImpl::new_epoch() {
  // A bijection of a counter under a secret of this engine: never the same twice, and unlike any of
  // an engine before it.
  std::uint64_t bits =
      SeededRandom(epoch_secret_ + 0x9e3779b97f4a7c15u * epochs_.fetch_add(1)).next();
  std::string epoch;
  for (int i = 0; i < 11; ++i) {
    epoch += "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"[bits % 62];
    bits /= 62;
  }
  return epoch;
}

absl::Status EngineImpl::check_name(std::string_view room) const {
  if (room.empty() || room.size() > limits_.room_name_bytes_max) {
    return absl::InvalidArgumentError("a room's name has 1 to 255 bytes");
  }
  for (const char c : room) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      return absl::InvalidArgumentError("a room's name has no control characters");
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<RoomOptions> EngineImpl::options_for(std::string_view room) {
  if (!handlers_.room_options) return RoomOptions();
  try {
    const auto options = handlers_.room_options(room);
    if (!options) return absl::NotFoundError("no such room");
    const bool drops = options->slow_consumer == SlowConsumer::kDropOldest ||
                       options->slow_consumer == SlowConsumer::kKeepLatest;
    if (options->has_positions() && drops) {
      return absl::InternalError("a room with history can not drop messages for slow members");
    }
    if (options->is_stored() && (storage_ == nullptr || !options->has_positions())) {
      return absl::InternalError("a room is stored by its history, and with a store");
    }
    return *options;
  } catch (...) {
    counters_.handler_threw.add();
    return absl::InternalError("the handler threw");
  }
}

absl::StatusOr<SlotRef> EngineImpl::slot_for(std::string_view room) {
  Shard& shard = shard_of(room);
  if (SlotRef slot = shard.find(room)) return slot;
  const auto options = options_for(room);
  if (!options.ok()) return options.status();
  auto slot = shard.make(room, *options, new_epoch(), clock_.now());
  if (slot.ok() && options->is_stored() && !(*slot)->load_asked.exchange(true)) {
    storage_->load(*slot);
  }
  return slot;
}

void EngineImpl::wake(LaneSet lanes, MonoTime now) {
  for (; lanes != 0; lanes &= lanes - 1)
    lanes_[std::countr_zero(lanes)]->wake(now);
}

void EngineImpl::announce_soon(std::string_view room, Lane& from) {
  const std::size_t index = shard_index(room);
  Shard* const shard = shards_[index].get();
  Lane& home = *lanes_[index % lanes_.size()];
  if (&home == &from) return home.announce_soon(*shard);
  home.post([shard](Lane& lane) { lane.announce_soon(*shard); });
}

absl::StatusOr<SlotRef> EngineImpl::existing(std::string_view room,
                                             bool (*offered)(const RoomOptions&)) {
  if (auto status = check_name(room); !status.ok()) return status;
  SlotRef slot = shard_of(room).find(room);
  if (slot == nullptr) return absl::NotFoundError("no such room");
  if (!offered(slot->options)) return absl::UnimplementedError("not offered by this room");
  return slot;
}

absl::StatusOr<std::vector<ClientInfoRef>> EngineImpl::presence(std::string_view room) {
  const auto slot = existing(room, [](const RoomOptions& options) { return options.presence; });
  if (!slot.ok()) return slot.status();
  const std::size_t most = limits_.presence_list_max;
  auto members = shard_of(room).look(
      **slot, [&](const Room& state) { return state.presence().list(most + 1); });
  if (members.size() > most) return absl::OutOfRangeError("too many members to list");
  std::sort(members.begin(), members.end(),
            [](const auto& a, const auto& b) { return a->client < b->client; });
  return members;
}

absl::StatusOr<PresenceStats> EngineImpl::presence_stats(std::string_view room) {
  const auto slot = existing(room, [](const RoomOptions& options) { return options.presence; });
  if (!slot.ok()) return slot.status();
  return shard_of(room).look(**slot, [](const Room& state) { return state.presence().stats(); });
}

absl::StatusOr<std::vector<RoomFacts>> EngineImpl::rooms(std::string_view pattern) {
  std::vector<RoomFacts> rooms;
  for (const auto& shard : shards_) {
    if (!shard->list(pattern, limits_.rooms_list_max, rooms)) {
      return absl::OutOfRangeError("too many rooms to list");
    }
  }
  return rooms;
}

// --- Sessions ------------------------------------------------------------------------------------

absl::Status EngineImpl::for_user(const UserSessions& whom,
                                  const std::function<void(SessionImpl&)>& act) {
  if (whom.user.empty()) return absl::InvalidArgumentError("guests have no user id");
  // A lane that is full after others were asked is left out: the task is one of sending, joining,
  // leaving or closing, and none of them is worse for being done in part and reported.
  absl::Status status;
  for (const auto& lane : lanes_) {
    status.Update(lane->post_bounded([act, whom](Lane& home) {
      for (SessionImpl* session : home.sessions_of(whom.user)) {
        if (!session->closing() && whom.has(session->client())) act(*session);
      }
    }));
  }
  if (!status.ok()) counters_.lane_tasks_refused.add();
  return status;
}

absl::Status EngineImpl::send_to_user(const UserSessions& whom, Payload message) {
  if (message.size() > limits_.payload_bytes_max) {
    return absl::InvalidArgumentError("message is too large");
  }
  return for_user(whom, [message](SessionImpl& session) { session.send(message).IgnoreError(); });
}

absl::Status EngineImpl::join_user(const UserSessions& whom, std::string_view room,
                                   JoinOptions options) {
  if (auto status = check_name(room); !status.ok()) return status;
  return for_user(whom, [room = std::string(room), options](SessionImpl& session) {
    session.join(room, options).IgnoreError();
  });
}

absl::Status EngineImpl::leave_user(const UserSessions& whom, std::string_view room,
                                    const LeaveReason& reason) {
  return for_user(whom, [room = std::string(room), reason](SessionImpl& session) {
    session.leave(room, reason).IgnoreError();
  });
}

absl::Status EngineImpl::refresh_user(const UserSessions& whom, std::optional<WallTime> expires) {
  return for_user(whom, [expires](SessionImpl& session) { session.refresh(expires); });
}

absl::Status EngineImpl::disconnect_user(const UserSessions& whom, const CloseReason& reason) {
  return for_user(whom, [reason](SessionImpl& session) { session.close(reason); });
}

Connection* EngineImpl::attach(std::size_t lane, std::shared_ptr<Transport> transport,
                               std::unique_ptr<ProtocolSession> protocol, Framing& framing,
                               CloseReason* refusal) {
  const auto refuse = [&](const CloseReason& reason) {
    if (refusal != nullptr) *refusal = reason;
    return nullptr;
  };
  if (draining_.load(std::memory_order_relaxed)) return refuse(kShutdown);
  if (sessions_.fetch_add(1, std::memory_order_relaxed) >= limits_.sessions_max) {
    session_ended();
    return refuse(kTooManyRequests);
  }
  SessionImpl* const session =
      lanes_[lane]->open(std::move(transport), std::move(protocol), framing);
  if (session == nullptr) {
    session_ended();
    return refuse(kTooManyRequests);
  }
  return session;
}

// --- The whole -----------------------------------------------------------------------------------

EngineCounters EngineImpl::counters() const {
  EngineCounters sum;
  for (const auto& shard : shards_) {
    sum.published += shard->published().value();
    sum.expected += shard->expected().value();
    sum.publishes_refused_full += shard->refused_full().value();
    sum.publishes_repeated += shard->repeated().value();
  }
  for (const auto& lane : lanes_) {
    const LaneCounters& count = lane->counters();
    sum.delivered += count.delivered.value();
    sum.excluded += count.excluded.value();
    sum.dropped_oldest += count.dropped_oldest.value();
    sum.dropped_latest += count.dropped_latest.value();
    sum.dropped_not_kept += count.dropped_not_kept.value();
    sum.left_before_delivery += count.left_before_delivery.value();
    sum.told_of_gap += count.told_of_gap.value();
    sum.recovered += count.recovered.value();
    sum.sessions += count.sessions.value();
    sum.subscriptions += count.subscriptions.value();
    sum.connects += count.connects.value();
    sum.joins += count.joins.value();
    sum.commands += count.commands.value();
    sum.commands_refused += count.commands_refused.value();
    sum.closed_slow += count.closed_slow.value();
    sum.closed_no_pong += count.closed_no_pong.value();
    sum.closed_by_peer += count.closed_by_peer.value();
    sum.closed_for_cause += count.closed_for_cause.value();
  }
  sum.rooms = rooms_.load(std::memory_order_relaxed);
  sum.handler_threw = counters_.handler_threw.value();
  sum.handler_timed_out = counters_.handler_timed_out.value();
  sum.handler_dropped_reply = counters_.handler_dropped_reply.value();
  sum.handler_answered_twice = counters_.handler_answered_twice.value();
  sum.handler_answered_late = counters_.handler_answered_late.value();
  sum.lane_tasks_refused = counters_.lane_tasks_refused.value();
  return sum;
}

EngineCounters EngineImpl::counters_now() {
  EngineCounters sum = counters();
  for (const auto& lane : lanes_) {
    for (const SessionImpl* session : lane->all_sessions())
      session->count_waiting(sum);
  }
  return sum;
}

void EngineImpl::drain(DrainOptions options, Task done) {
  if (draining_.exchange(true)) return;
  drained_ = std::move(done);
  lanes_draining_.store(lanes_.size());
  for (const auto& lane : lanes_) {
    lane->post([this, options](Lane& home) { home.drain(options, [this] { lane_drained(); }); });
  }
}

void EngineImpl::lane_drained() {
  if (lanes_draining_.fetch_sub(1) != 1) return;
  Task done = std::exchange(drained_, nullptr);
  if (storage_ == nullptr) {
    if (done) done();
    return;
  }
  storage_->close([done = std::move(done)]() mutable {
    if (done) done();
  });
}

}  // namespace madang
