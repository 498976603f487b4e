// SPDX-License-Identifier: Apache-2.0

// Sessions whose messages wait to be written together: ConnectAnswer::batch.

#include <memory>
#include <utility>

#include "engine/lane.h"
#include "engine/session_impl.h"

namespace madang {

void SessionImpl::gather_writes(const BatchOptions& batch) {
  if (batch.delay <= Duration::zero()) return;
  work().gathering = std::make_unique<WriteGathering>();
  work().gathering->batch = batch;
  set_one_room();
}

// Nothing goes past the outbox of a session that gathers.
void SessionImpl::set_one_room() {
  one_room_ = subscriptions_.size() == 1 && (work_ == nullptr || work_->gathering == nullptr);
}

bool SessionImpl::may_gather() {
  if (outbox_.empty()) return false;
  WriteGathering& gathering = *work_->gathering;
  const MonoTime now = lane_.now();
  const bool quiet =
      gathering.written == MonoTime::min() || now - gathering.written >= gathering.batch.delay;
  if (quiet || ping_queued_ || outbox_.messages() >= gathering.batch.messages_max ||
      outbox_.bytes() * 2 >= limits().outbox_events_bytes_max) {
    gathering.written = now;
    return false;
  }
  if (std::exchange(gathering.timer_set, true)) return true;
  lane_.scheduler().call_at(
      gathering.written + gathering.batch.delay, [weak = lane_.weak_from_this(), number = number_] {
        const auto lane = weak.lock();
        SessionImpl* const session = lane == nullptr ? nullptr : lane->find(number);
        if (session == nullptr || session->work_ == nullptr) return;
        session->work_->gathering->timer_set = false;
        lane->touch(*session);
      });
  return true;
}

}  // namespace madang
