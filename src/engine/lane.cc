// SPDX-License-Identifier: Apache-2.0
#include "engine/lane.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "engine/engine_impl.h"
#include "engine/session_impl.h"

namespace madang {
namespace {

constexpr Duration kSweepInterval = std::chrono::seconds(1);
constexpr Duration kDrainInterval = std::chrono::milliseconds(50);

// Pages for members that are behind, in one turn.
constexpr std::size_t kPagesPerTurn = 64;

}  // namespace

Lane::Lane(EngineImpl& engine, std::size_t index, Scheduler& scheduler, const Limits& limits,
           std::uint64_t seed)
    : engine_(engine),
      index_(index),
      scheduler_(scheduler),
      limits_(limits),
      random_(seed),
      wheel_(scheduler.now()),
      sweep_alarm_([this](MonoTime time) { sweep(time); }),
      announce_alarm_([this](MonoTime time) { announce(time); }),
      drain_alarm_([this](MonoTime time) { drain_some(time); }),
      pages_(limits.encode_cache_bytes_max) {}

Lane::~Lane() {
  // A mark in the inbox keeps its room, which holds the mark.
  for (LaneMark* mark = inbox_.take(); mark != nullptr;) {
    LaneMark* const next = mark->next;
    const SlotRef last = std::move(mark->keep);
    mark = next;
  }
}

void Lane::start() { arm(sweep_alarm_, now() + kSweepInterval); }

void Lane::wake(MonoTime now) {
  if (turn_posted_.exchange(true, std::memory_order_acq_rel)) return;
  turn_posted_at_.store(now.time_since_epoch().count(), std::memory_order_relaxed);
  scheduler_.post([weak = weak_from_this()] {
    if (const auto lane = weak.lock()) lane->turn();
  });
}

bool Lane::stalled(MonoTime now) const {
  return turn_posted_.load(std::memory_order_acquire) &&
         now.time_since_epoch().count() - turn_posted_at_.load(std::memory_order_relaxed) >
             limits_.lane_stall_timeout.count();
}

void Lane::post(absl::AnyInvocable<void(Lane&)> task) {
  scheduler_.post([weak = weak_from_this(), task = std::move(task)]() mutable {
    if (const auto lane = weak.lock()) task(*lane);
  });
}

absl::Status Lane::post_bounded(absl::AnyInvocable<void(Lane&)> task) {
  if (tasks_waiting_.fetch_add(1, std::memory_order_relaxed) >= limits_.lane_tasks_max) {
    tasks_waiting_.fetch_sub(1, std::memory_order_relaxed);
    return absl::ResourceExhaustedError("too many tasks wait for a lane");
  }
  post([task = std::move(task)](Lane& lane) mutable {
    lane.tasks_waiting_.fetch_sub(1, std::memory_order_relaxed);
    task(lane);
  });
  return absl::OkStatus();
}

void Lane::turn() {
  // An exchange, so that what was put into the inbox before a wake that found this true is seen.
  turn_posted_.exchange(false, std::memory_order_acq_rel);
  in_turn_ = true;
  const bool more_events = deliver();
  const bool more_writes = write_touched();
  end_closing();
  in_turn_ = false;
  if (more_events || more_writes || !touched_.empty()) wake(now());
  if (drain_ != nullptr && sessions_.empty()) drain_some(now());
}

// Returns whether there is more to do.
bool Lane::write_touched() {
  std::size_t pages_left = kPagesPerTurn;
  std::swap(touched_, writing_);
  for (std::size_t i = 0; i < writing_.size(); ++i) {
    SessionImpl& session = *writing_[i];
    session.touched = false;
    session.write_out();
    while (session.first_behind() != nullptr && session.writable() && session.outbox().empty()) {
      if (pages_left == 0) {
        touch(session);
        break;
      }
      --pages_left;
      catch_up(session);
      session.write_out();
    }
  }
  writing_.clear();
  return !touched_.empty();
}

void Lane::touch(SessionImpl& session) {
  if (session.touched) return;
  session.touched = true;
  touched_.push_back(&session);
  if (!in_turn_) wake(now());
}

void Lane::end(SessionImpl& session, const CloseReason& reason) {
  closing_.emplace_back(session.number(), reason);
  if (!in_turn_) wake(now());
}

void Lane::end_closing() {
  // By index, because a host that is told of one end may close others.
  for (std::size_t i = 0; i < closing_.size(); ++i) {
    const auto [number, reason] = closing_[i];
    SessionImpl* const session = sessions_.find(number);
    assert(session != nullptr);
    session->end(reason);
    forget(*session);
  }
  closing_.clear();
}

void Lane::forget(SessionImpl& session) {
  if (const auto user = users_.find(session.user()); user != users_.end()) {
    std::erase(user->second, &session);
    if (user->second.empty()) users_.erase(user);
  }
  if (session.touched) std::erase(touched_, &session);
  sessions_.erase(session);
  counters_.sessions.subtract();
  engine_.session_ended();
}

SessionImpl* Lane::open(std::shared_ptr<Transport> transport,
                        std::unique_ptr<ProtocolSession> protocol, Framing& framing) {
  if (sessions_.full()) return nullptr;
  const auto client = ClientId::from_bits(random_.next(), random_.next());
  SessionImpl& opened = sessions_.add([&](void* place, std::uint64_t number) {
    return new (place)
        SessionImpl(*this, number, client, std::move(transport), std::move(protocol), framing);
  });
  counters_.sessions.add();
  opened.start();
  return &opened;
}

SessionImpl* Lane::find(std::uint64_t session) const { return sessions_.find(session); }

void Lane::request_timed_out(std::uint64_t session, std::uint64_t number) {
  if (SessionImpl* const asker = find(session)) asker->request_timed_out(number);
}

void Lane::add_user(SessionImpl& session) {
  if (!session.user().empty()) users_[session.user()].push_back(&session);
}

std::vector<SessionImpl*> Lane::sessions_of(std::string_view user) const {
  const auto it = users_.find(user);
  return it == users_.end() ? std::vector<SessionImpl*>() : it->second;
}

std::vector<SessionImpl*> Lane::all_sessions() const {
  std::vector<SessionImpl*> all;
  all.reserve(sessions_.size());
  sessions_.for_each([&](SessionImpl& session) { all.push_back(&session); });
  std::sort(all.begin(), all.end(),
            [](const auto* a, const auto* b) { return a->number() < b->number(); });
  return all;
}

void Lane::arm(TimerWheel::Timer& timer, MonoTime deadline) {
  wheel_.arm(timer, deadline);
  schedule_wheel(deadline);
}

void Lane::schedule_wheel(MonoTime deadline) {
  // The wheel fires a tick late at most; asking for the tick's end saves a second look.
  const MonoTime time = deadline + TimerWheel::kTick;
  if (time >= wheel_scheduled_) return;
  if (wheel_scheduled_ != MonoTime::max()) scheduler_.cancel(wheel_timer_);
  wheel_scheduled_ = time;
  wheel_timer_ = scheduler_.call_at(time, [weak = weak_from_this()] {
    if (const auto lane = weak.lock()) lane->turn_wheel();
  });
}

void Lane::turn_wheel() {
  wheel_scheduled_ = MonoTime::max();
  wheel_.advance(now());
  if (const auto next = wheel_.next()) schedule_wheel(*next - TimerWheel::kTick);
}

void Lane::sweep(MonoTime now) {
  bool more = false;
  for (Shard* shard : swept_)
    more |= shard->sweep(now);
  arm(sweep_alarm_, more ? now : now + kSweepInterval);
}

void Lane::announce_soon(Shard& shard) {
  if (std::find(announcing_.begin(), announcing_.end(), &shard) != announcing_.end()) return;
  announcing_.push_back(&shard);
  if (!announce_alarm_.armed()) arm(announce_alarm_, now() + limits_.announce_tick);
}

void Lane::announce(MonoTime now) {
  std::vector<Shard*> waiting;
  for (Shard* shard : std::exchange(announcing_, {})) {
    bool more = false;
    engine_.wake(shard->announce(now, wall_now(), more), now);
    if (more) waiting.push_back(shard);
  }
  for (Shard* shard : waiting)
    announce_soon(*shard);
}

void Lane::drain(const DrainOptions& options, Task done) {
  drain_ = std::make_unique<Drain>();
  drain_->options = options;
  drain_->done = std::move(done);
  drain_->begin = now();
  drain_->sessions = sessions_.size();
  drain_some(drain_->begin);
}

void Lane::drain_some(MonoTime now) {
  if (drain_ == nullptr) return;
  if (sessions_.empty()) {
    wheel_.disarm(sweep_alarm_);
    wheel_.disarm(drain_alarm_);
    const auto drain = std::move(drain_);
    drain->done();
    return;
  }
  const auto spread = drain_->options.spread.count();
  const auto passed = (now - drain_->begin).count();
  // How many may still be here, if they go at an even pace.
  const std::size_t may_stay =
      passed >= spread ? 0
                       : static_cast<std::size_t>(static_cast<double>(drain_->sessions) *
                                                  (1.0 - double(passed) / double(spread)));
  const auto sessions = all_sessions();
  std::size_t staying = 0;
  for (const auto* session : sessions)
    staying += session->closing() ? 0 : 1;
  for (auto* session : sessions) {
    if (staying <= may_stay) break;
    if (session->closing()) continue;
    session->close(drain_->options.reason);
    --staying;
  }
  arm(drain_alarm_, now + kDrainInterval);
}

}  // namespace madang
