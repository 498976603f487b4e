// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "engine/encoded_events.h"
#include "engine/member_table.h"
#include "engine/outbox.h"
#include "engine/requests.h"
#include "engine/room_slot.h"
#include "engine/session_table.h"
#include "engine/timer_wheel.h"
#include "madang/base/counters.h"
#include "madang/base/hash.h"
#include "madang/base/limits.h"
#include "madang/base/random.h"
#include "madang/base/scheduler.h"
#include "madang/engine/engine.h"

namespace madang {

class EngineImpl;
class SessionImpl;

// What one lane counts; written by it alone.
struct LaneCounters {
  LaneCounter delivered, excluded, dropped_oldest, dropped_latest, dropped_not_kept;
  LaneCounter left_before_delivery, told_of_gap, recovered;
  LaneCounter sessions, subscriptions, connects, joins, commands, commands_refused;
  LaneCounter closed_slow, closed_no_pong, closed_by_peer, closed_for_cause;
};

// One event loop's share of the sessions. Its work comes in turns: a turn reads what is new in its
// rooms, hands it to the members, serves those that are behind, writes to the transports, and ends
// sessions that were closed. Everything but the methods marked so is for its own thread.
class Lane final : public std::enable_shared_from_this<Lane>, private Requests::Owner {
 public:
  Lane(EngineImpl& engine, std::size_t index, Scheduler& scheduler, const Limits& limits,
       std::uint64_t seed);
  ~Lane();

  // --- Any thread ------------------------------------------------------------------------------
  std::size_t index() const { return index_; }
  Scheduler& scheduler() { return scheduler_; }
  Inbox& inbox() { return inbox_; }
  const LaneCounters& counters() const { return counters_; }
  // Makes sure that a turn comes.
  void wake(MonoTime now);
  // Called once, before anything else happens here.
  void start();
  bool stalled(MonoTime now) const;
  // Runs `task(lane)` here; a task for a lane that has gone is dropped.
  void post(absl::AnyInvocable<void(Lane&)> task);
  // The same for what hosts ask for, of which a bounded number may wait.
  absl::Status post_bounded(absl::AnyInvocable<void(Lane&)> task);

  // --- Sessions --------------------------------------------------------------------------------
  // Null if there are too many.
  SessionImpl* open(std::shared_ptr<Transport> transport, std::unique_ptr<ProtocolSession> protocol,
                    Framing& framing);
  Requests::Owner& requests_owner() { return *this; }
  // Null if it has gone.
  SessionImpl* find(std::uint64_t session) const;
  void add_user(SessionImpl& session);
  // A copy, because what is done to them may end them.
  std::vector<SessionImpl*> sessions_of(std::string_view user) const;
  std::vector<SessionImpl*> all_sessions() const;  // in the order they came

  // The session has something to write or to look after in this turn.
  void touch(SessionImpl& session);
  // The session ends at the end of this turn.
  void end(SessionImpl& session, const CloseReason& reason);

  // --- Members ---------------------------------------------------------------------------------
  // The subscription is no longer asking.
  void add_member(Subscription& subscription, const SlotRef& slot, const Cursor& top);
  void remove_member(const Subscription& subscription) { members_.remove(subscription); }
  // From now on it is served: at once if it has what the lane has read, or by catching up.
  void activate(Subscription& subscription);
  // One page for one of the session's subscriptions that are behind.
  void catch_up(SessionImpl& session);
  // Messages that wait in rooms for this subscription, for the account.
  std::uint64_t waiting(const Subscription& subscription) const;

  // --- Time ------------------------------------------------------------------------------------
  MonoTime now() const { return scheduler_.now(); }
  WallTime wall_now() const { return scheduler_.wall_now(); }
  void arm(TimerWheel::Timer& timer, MonoTime deadline);
  void disarm(TimerWheel::Timer& timer) { wheel_.disarm(timer); }
  SeededRandom& random() { return random_; }
  std::uint64_t next_number() { return ++last_number_; }

  // A shard of this lane has announcements waiting.
  void announce_soon(Shard& shard);
  // Looks after the age of what the shard keeps, from now on.
  void keep_swept(Shard& shard) { swept_.push_back(&shard); }

  // Tells all sessions to go, spread over a time, and calls `done` when they have gone.
  void drain(const DrainOptions& options, Task done);

  EngineImpl& engine() { return engine_; }
  const Limits& limits() const { return limits_; }
  LaneCounters& count() { return counters_; }
  Outbox::Batch& write_batch() { return write_batch_; }

 private:
  void request_timed_out(std::uint64_t session, std::uint64_t number) override;

  // Calls back at its deadline.
  class Alarm final : public TimerWheel::Timer {
   public:
    explicit Alarm(absl::AnyInvocable<void(MonoTime)> call) : call_(std::move(call)) {}

   private:
    void expired(MonoTime now) override { call_(now); }
    absl::AnyInvocable<void(MonoTime)> call_;
  };

  void turn();
  bool deliver();
  void take_inbox();
  void queue(const std::shared_ptr<LaneRoom>& room);
  // Whether the room's news stay there for now, so that more of them go out together.
  bool gathers(LaneRoom& room);
  void gathered_at(const SlotRef& slot, MonoTime time);
  void gathered(const SlotRef& slot);
  bool serve(LaneRoom& room, std::size_t& budget);
  bool take(LaneRoom& room);
  void offer(Subscription& subscription, LaneBatch& batch);
  void offer_whole(LaneRoom& room, Member& member);
  // Whether the member can read all of these, which come next for it, as they are.
  static bool reads_all(const Subscription& subscription, std::span<const EventRef> events);
  bool has_space(const SessionImpl& session, std::size_t bytes) const;
  // Events [first, ..) go to one member, which stands at `end` then. `whole` is the same for those
  // that it can not read as patches; null if there are none.
  void hand_over(Subscription& subscription, std::span<const EventRef> events,
                 const EncodedEvents& encoded, const EncodedEvents* whole, std::size_t first,
                 const Cursor& end);
  void fall_behind(Subscription& subscription);
  void lost(Subscription& subscription, const Shard::CatchUp& read);
  PageBounds batch_bounds() const;

  // A page in one of the session's formats. Valid until the next call.
  const EncodedEvents& page_in(const WireFormat& format, const SessionImpl& session,
                               const RoomSlot& slot, const EventPage& page);

  // A page that a member needs from the store.
  struct StoreRead {
    std::uint64_t session = 0;
    SlotRef slot = nullptr;
    std::uint64_t messages = 0;  // Shard::CatchUp::messages
    Cursor cursor = {};          // of the member
  };
  bool in_store(const Subscription& subscription) const;
  void read_store(Subscription& subscription, std::uint64_t messages);
  void read_store_next();
  Subscription* reader(const StoreRead& read) const;
  void store_page(const StoreRead& read, const absl::StatusOr<std::vector<EventRef>>& page);
  bool write_touched();
  void end_closing();
  void forget(SessionImpl& session);
  void schedule_wheel(MonoTime deadline);
  void turn_wheel();
  void sweep(MonoTime now);
  void announce(MonoTime now);
  void drain_some(MonoTime now);
  void skip(Subscription& subscription, const Cursor& to, LaneCounter& counter);

  EngineImpl& engine_;
  const std::size_t index_;
  Scheduler& scheduler_;
  const Limits& limits_;

  // Shared with other threads, away from what only this one writes.
  alignas(64) Inbox inbox_;
  std::atomic<bool> turn_posted_{false};
  std::atomic<std::int64_t> turn_posted_at_{0};
  std::atomic<std::size_t> tasks_waiting_{0};
  alignas(64) LaneCounters counters_;

  // The lane's own.
  alignas(64) SeededRandom random_;
  std::uint64_t last_number_ = 0;
  TimerWheel wheel_;
  MonoTime wheel_scheduled_ = MonoTime::max();
  TimerHandle wheel_timer_;
  Alarm sweep_alarm_;
  Alarm announce_alarm_;
  Alarm drain_alarm_;
  std::vector<Shard*> swept_;
  std::vector<Shard*> announcing_;

  MemberTable members_;
  std::deque<std::shared_ptr<LaneRoom>> to_serve_;
  EncodeCache pages_;
  Ring<StoreRead> store_reads_waiting_;  // at most one of each subscription
  std::size_t store_reads_ = 0;          // under way

  SessionTable sessions_;
  StringMap<std::vector<SessionImpl*>> users_;
  std::vector<SessionImpl*> touched_;
  std::vector<SessionImpl*> writing_;
  bool in_turn_ = false;
  Outbox::Batch write_batch_;
  std::vector<std::pair<std::uint64_t, CloseReason>> closing_;

  struct Drain {
    DrainOptions options;
    Task done;
    MonoTime begin;
    std::size_t sessions = 0;
  };
  std::unique_ptr<Drain> drain_;
};

}  // namespace madang
