// SPDX-License-Identifier: Apache-2.0
#include "engine/session_impl.h"

#include <algorithm>
#include <utility>

#include "engine/engine_impl.h"
#include "engine/session_ask.h"
#include "madang/base/planted_fault.h"

namespace madang {

SessionImpl::SessionImpl(Lane& lane, std::uint64_t number, const ClientId& client,
                         std::shared_ptr<Transport> transport,
                         std::unique_ptr<ProtocolSession> protocol, Framing& framing)
    : SessionHead(lane, std::move(transport), framing),
      number_(number),
      protocol_(std::move(protocol)),
      bucket_(lane.limits(), lane.now()) {
  auto info = std::make_shared<ClientInfo>();
  info->client = client;
  info_ = std::move(info);
}

SessionImpl::~SessionImpl() = default;

void SessionImpl::start() {
  protocol_->start(*this);
  encoder_ = &protocol_->encoder();
  heartbeat_.await_connect(lane_.now() + limits().connect_timeout);
  look_at_clock(heartbeat_.due());
}

Engine& SessionImpl::engine() { return lane_.engine(); }
EngineImpl& SessionImpl::core() { return lane_.engine(); }

// --- Writing -------------------------------------------------------------------------------------

absl::Status SessionImpl::send(Payload message) {
  if (!connected() || closing()) return absl::UnavailableError("the session is not connected");
  if (message.size() > limits().payload_bytes_max) {
    return absl::InvalidArgumentError("message is too large");
  }
  protocol_->push_message(message);
  if (closing()) return absl::ResourceExhaustedError("the outbox is full");
  return absl::OkStatus();
}

void SessionImpl::write_message(std::string_view message) {
  if (!transport_open_) return;
  constexpr std::size_t kFrameBytes = 16;  // what most framings add, at most
  std::string frame;
  frame.reserve(message.size() + kFrameBytes);
  framing_->frame(message, frame);
  if (!ping_queued_ && outbox_.bytes() + frame.size() > limits().outbox_bytes_max) {
    return close(kSlow);
  }
  outbox_.push(Payload(frame), 0);
  lane_.touch(*this);
}

void SessionImpl::write_out() {
  if (writable() && !gathers()) write_batches();
  if (input_refused_ && wants_input()) read_on();
  if (work_ != nullptr && !writing_ && work_->idle()) work_.reset();
}

void SessionImpl::read_on() {
  input_refused_ = false;
  protocol_->resume();
  if (reading_paused_ && !input_refused_ && wants_input() && transport_open_) {
    reading_paused_ = false;
    transport_->resume_reading();
  }
}

void SessionImpl::write_batches() {
  while (!outbox_.empty()) {
    Outbox::Batch& batch = lane_.write_batch();
    outbox_.take(batch);
    lane_.count().delivered.add(batch.messages);
    const WriteResult result = transport_->write(batch.span());
    batch.clear();
    if (!wrote(result)) return;
  }
  if (ping_queued_) ping_written();
}

bool SessionImpl::write_stopped(WriteResult result) {
  writing_ = true;
  if (result == WriteResult::kFailed) {
    close(kWriteError);  // and no further write
  } else {
    note_write_progress();
  }
  return false;
}

void SessionImpl::note_write_progress() {
  work().write_progress = lane_.now();
  look_at_clock(write_stalls_at());
}

MonoTime SessionImpl::write_stalls_at() {
  return work().write_progress + limits().write_stall_timeout;
}

void SessionImpl::ping_written() {
  ping_queued_ = false;
  heartbeat_.ping_written(limits(), lane_.now());
  look_at_clock(heartbeat_.due());
}

void SessionImpl::written(std::size_t bytes, bool done) {
  if (bytes > 0) {
    note_write_progress();
    heartbeat_.progress(limits(), work_->write_progress);
  }
  if (!done) return;
  writing_ = false;
  if (outbox_.empty() && ping_queued_) ping_written();
  lane_.touch(*this);
}

// --- Falling behind ------------------------------------------------------------------------------

void SessionImpl::add_behind(Subscription& subscription) { work().behind.push_back(&subscription); }

void SessionImpl::remove_behind(Subscription& subscription) {
  if (work_ != nullptr) std::erase(work_->behind, &subscription);
}

// --- Reading -------------------------------------------------------------------------------------

void SessionImpl::received(std::string_view message, MessageKind kind) {
  if (closing()) return;
  protocol_->received(message, kind);
  if (wants_input() || reading_paused_ || closing()) return;
  reading_paused_ = true;
  transport_->pause_reading();
}

std::size_t SessionImpl::commands_under_way() const {
  return work_ == nullptr ? 0 : work_->order.waiting() + work_->requests.size();
}

bool SessionImpl::wants_input() {
  const bool wants = !closing() && commands_under_way() < limits().commands_waiting_max &&
                     outbox_.bytes() * 2 <= limits().outbox_bytes_max;
  if (!wants) input_refused_ = true;
  return wants;
}

Admission SessionImpl::admit_command() {
  if (closing()) return Admission::kStop;
  lane_.count().commands.add();
  switch (bucket_.take(limits(), lane_.now())) {
    case CommandBucket::Verdict::kGo:
      return Admission::kGo;
    case CommandBucket::Verdict::kRefuse:
      lane_.count().commands_refused.add();
      return Admission::kRefuse;
    case CommandBucket::Verdict::kGiveUp:
      break;
  }
  close(kTooManyRequests);
  return Admission::kStop;
}

Admission SessionImpl::count_error() {
  if (++errors_ > limits().errors_per_session_max) close(kTooManyErrors);
  return closing() ? Admission::kStop : Admission::kGo;
}

absl::Status SessionImpl::pong_received() {
  if (!heartbeat_.pong(limits(), lane_.now()))
    return absl::FailedPreconditionError("no ping was sent");
  look_at_clock(heartbeat_.due());
  return absl::OkStatus();
}

// --- Time ----------------------------------------------------------------------------------------

// Makes sure that expired() comes at `deadline` or before it.
void SessionImpl::look_at_clock(MonoTime deadline) {
  if (deadline == MonoTime::max() || (armed() && TimerWheel::Timer::deadline() <= deadline)) return;
  lane_.arm(*this, deadline);
}

void SessionImpl::expired(MonoTime now) {
  if (closing()) return;
  if (!connected() && now >= heartbeat_.due()) return close(kStale);
  if (writing_ && now >= write_stalls_at()) return close(kSlow);
  switch (heartbeat_.act(now)) {
    case Heartbeat::Action::kGone:
      return close(kNoPong);
    case Heartbeat::Action::kPing:
      ping_queued_ = true;
      protocol_->push_ping();
      break;
    case Heartbeat::Action::kNone:
      break;
  }
  expire_credentials();
  if (closing()) return;
  if (writing_) look_at_clock(write_stalls_at());
  look_at_clock(heartbeat_.due());
}

// --- The end -------------------------------------------------------------------------------------

void SessionImpl::closed(const CloseReason& reason) {
  transport_open_ = false;
  close(reason);
  closed_by_peer_ = true;
}

void SessionImpl::close(const CloseReason& reason) {
  if (closing()) return;
  closing_ = true;
  lane_.end(*this, reason);
}

void SessionImpl::end(const CloseReason& reason) {
  wheel_off();
  if (work_ != nullptr) {
    work_->requests.clear();
    work_->order.clear();
  }
  if (writable()) write_batches();
  while (!subscriptions_.empty()) {
    Subscription& subscription = **subscriptions_.begin();
    if (subscription.asking()) {
      remove(subscription);
    } else {
      drop(subscription, kLeftWithSession);
    }
  }
  if (transport_open_) {
    protocol_->push_close(reason);
    if (writable()) write_batches();
  }
  lane_.count().left_before_delivery.add(outbox_.messages());
  if (transport_open_) {
    transport_open_ = false;
    transport_->close(reason);
  }
  count_end(reason);
  if (connected() && core().handlers().disconnect) {
    tell([&] { core().handlers().disconnect(*this, reason); });
  }
}

void SessionImpl::count_end(const CloseReason& reason) {
  LaneCounters& count = lane_.count();
  if (reason == kSlow || reason == kInsufficientState) {
    count.closed_slow.add();
  } else if (reason == kNoPong) {
    count.closed_no_pong.add();
  } else if (closed_by_peer_) {
    count.closed_by_peer.add();
  } else {
    count.closed_for_cause.add();
  }
}

void SessionImpl::count_waiting(EngineCounters& counters) const {
  counters.waiting += outbox_.messages();
  for (const auto& subscription : subscriptions_) {
    if (subscription->asking()) continue;
    counters.waiting += lane_.waiting(*subscription);
  }
}

// --- The host ------------------------------------------------------------------------------------

void SessionImpl::handler_threw(std::string_view what) {
  core().count().handler_threw.add();
  core().log().write(LogLevel::kError, "handler_threw", escape_for_log(what), lane_.now());
}

void SessionImpl::request_timed_out(std::uint64_t request) {
  core().count().handler_timed_out.add();
  core().log().write(LogLevel::kWarning, "handler_timed_out", "a handler gave no answer in time",
                     lane_.now());
  const auto status = absl::DeadlineExceededError("the handler gave no answer in time");
  if (planted(Fault::kStaleHandlerAnswer)) return work().requests.fail_and_keep(request, status);
  work().requests.fail(request, status);
  lane_.touch(*this);
}

}  // namespace madang
