// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/lane.h"
#include "engine/room_storage.h"
#include "engine/shard.h"
#include "madang/base/counters.h"
#include "madang/engine/engine.h"

namespace madang {

// What is counted from any thread.
struct EngineWideCounters {
  Counter handler_threw, handler_timed_out, handler_dropped_reply, handler_answered_twice;
  Counter handler_answered_late, lane_tasks_refused;
};

// Passes on to the host's sink at most a few lines a second, so that no client can fill a disk. Any
// thread.
class LogGate {
 public:
  explicit LogGate(LogSink* sink) : sink_(sink) {}
  void write(LogLevel level, std::string_view cause, std::string_view text, MonoTime now);

 private:
  static constexpr std::uint32_t kLinesPerSecond = 20;
  LogSink* const sink_;
  std::atomic<std::int64_t> second_{-1};
  std::atomic<std::uint32_t> lines_{0};
};

// The engine: the lanes, the shards, and the way between them.
class EngineImpl final : public Engine, public LaneDirectory {
 public:
  explicit EngineImpl(EngineOptions options);
  ~EngineImpl() override;

  void publish(std::string_view room, Payload data, PublishOptions options,
               Callback<PublishResult> done) override;
  absl::StatusOr<std::vector<ClientInfoRef>> presence(std::string_view room) override;
  absl::StatusOr<PresenceStats> presence_stats(std::string_view room) override;
  absl::StatusOr<std::vector<RoomFacts>> rooms(std::string_view pattern) override;
  void history(std::string_view room, HistoryQuery query, Callback<HistoryResult> done) override;
  void remove_history(std::string_view room, StatusCallback done) override;
  absl::Status send_to_user(const UserSessions& whom, Payload message) override;
  absl::Status join_user(const UserSessions& whom, std::string_view room,
                         JoinOptions options) override;
  absl::Status leave_user(const UserSessions& whom, std::string_view room,
                          const LeaveReason& reason) override;
  absl::Status refresh_user(const UserSessions& whom, std::optional<WallTime> expires) override;
  absl::Status disconnect_user(const UserSessions& whom, const CloseReason& reason) override;
  Connection* attach(std::size_t lane, std::shared_ptr<Transport> transport,
                     std::unique_ptr<ProtocolSession> protocol, Framing& framing,
                     CloseReason* refusal) override;
  const Limits& limits() const override { return limits_; }
  std::size_t lanes() const override { return lanes_.size(); }
  Scheduler& scheduler(std::size_t lane) override { return lanes_[lane]->scheduler(); }
  EngineCounters counters() const override;
  EngineCounters counters_now() override;
  StorageState storage_state() const override {
    return storage_ == nullptr ? StorageState() : storage_->state(clock_.now());
  }
  void drain(DrainOptions options, Task done) override;

  // --- For sessions and lanes ------------------------------------------------------------------
  const Handlers& handlers() const { return handlers_; }
  Shard& shard_of(std::string_view room);
  EngineWideCounters& count() { return counters_; }
  LogGate& log() { return log_; }

  // InvalidArgument unless it is fit to name a room.
  absl::Status check_name(std::string_view room) const;
  // The room, made if it is not there.
  absl::StatusOr<SlotRef> slot_for(std::string_view room);
  // Calls `then` with the room once it is open: now, or after it was loaded, on the first lane.
  void when_open(std::string_view room, Callback<SlotRef> then);
  // Puts `publication` into the room. `checked`: it is known to be valid JSON.
  void publish_to(std::string_view room, Publication publication, bool checked,
                  Callback<PublishResult> done);
  RoomStorage* storage() { return storage_.get(); }
  void wake(LaneSet lanes, MonoTime now);
  // The shard of `room` has an announcement waiting.
  void announce_soon(std::string_view room, Lane& from);
  void session_ended() { sessions_.fetch_sub(1, std::memory_order_relaxed); }
  void lane_drained();

  // --- LaneDirectory -----------------------------------------------------------------------------
  Inbox& inbox(std::size_t lane) override { return lanes_[lane]->inbox(); }
  bool stalled(std::size_t lane, MonoTime now) const override { return lanes_[lane]->stalled(now); }

 private:
  std::size_t shard_index(std::string_view room) const;
  std::string new_epoch();
  absl::StatusOr<RoomOptions> options_for(std::string_view room);
  // False: the room has gone, or was stopped. Then nothing was done.
  bool publish_into(const SlotRef& slot, Publication& publication, Callback<PublishResult>& done);
  // Calls `then` with the room if it is there, or stored, and has positions.
  void when_history(std::string_view room, Callback<SlotRef> then);
  void read_history(const SlotRef& slot, const HistoryQuery& query, Callback<HistoryResult> done);
  // The room if it is there and `offered` holds of it.
  absl::StatusOr<SlotRef> existing(std::string_view room, bool (*offered)(const RoomOptions&));
  absl::Status for_user(const UserSessions& whom, const std::function<void(SessionImpl&)>& act);

  const Handlers handlers_;
  const Limits limits_;
  LogGate log_;
  EngineWideCounters counters_;
  const std::uint64_t epoch_secret_;
  std::atomic<std::uint64_t> epochs_{0};
  std::atomic<std::size_t> rooms_{0};
  std::atomic<std::size_t> sessions_{0};
  std::atomic<bool> draining_{false};
  std::atomic<std::size_t> lanes_draining_{0};
  Task drained_;
  std::unique_ptr<RoomStorage> storage_;  // null without a store
  Scheduler& clock_;  // of the first lane, which may be asked the time from anywhere
  // The lanes go first: what still waits in a room is then nobody's.
  std::vector<std::unique_ptr<Shard>> shards_;
  std::vector<std::shared_ptr<Lane>> lanes_;
};

}  // namespace madang
