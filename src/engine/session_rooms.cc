// SPDX-License-Identifier: Apache-2.0

// Where a session is: joining and leaving rooms.

#include <algorithm>
#include <atomic>
#include <cassert>
#include <memory>
#include <utility>

#include "engine/engine_impl.h"
#include "engine/session_ask.h"
#include "engine/session_impl.h"
#include "madang/base/json.h"
#include "madang/base/planted_fault.h"

namespace madang {

bool SessionImpl::in_room(std::string_view room) const {
  const Subscription* const subscription = find(room);
  return subscription != nullptr && !subscription->asking();
}

std::vector<std::string> SessionImpl::rooms() const {
  std::vector<std::string> names;
  for (const auto& subscription : subscriptions_) {
    if (!subscription->asking()) names.emplace_back(subscription->room());
  }
  return names;
}

Subscription& SessionImpl::add(std::string_view room) {
  Subscription& added = subscriptions_.add(std::make_unique<Subscription>(this, room));
  set_one_room();
  return added;
}

std::unique_ptr<Subscription> SessionImpl::remove(const Subscription& subscription) {
  auto removed = subscriptions_.take(subscription);
  set_one_room();
  return removed;
}

void SessionImpl::join_command(JoinCommand command, Callback<JoinResult> done) {
  const std::string room = command.request.room;
  if (auto status = core().check_name(room); !status.ok()) return done(std::move(status));
  work().order.run(room, [this, room, command = std::move(command),
                          done = std::move(done)]() mutable {
    absl::Status refusal;
    if (find(room) != nullptr) {
      refusal = absl::AlreadyExistsError("already in the room");
    } else if (subscriptions_.size() >= limits().rooms_per_session_max) {
      refusal = absl::OutOfRangeError("in too many rooms");
    }
    if (!refusal.ok()) {
      done(refusal);
      return work().order.finish(room);
    }
    const auto number = lane_.next_number();
    add(room).set_request(number);
    // The request must outlive the handler's call, which may end this task's captures.
    const JoinRequest request = command.request;
    ask<JoinRequest, JoinAnswer>(number, core().handlers().join, request,
                                 [this, room, command = std::move(command), done = std::move(done)](
                                     absl::StatusOr<JoinAnswer> answer) mutable {
                                   answer_join(room, command, std::move(answer), std::move(done));
                                 });
  });
}

void SessionImpl::answer_join(const std::string& room, const JoinCommand& command,
                              absl::StatusOr<JoinAnswer> answer, Callback<JoinResult> done) {
  if (!answer.ok()) {
    finish_join(room, answer.status(), false, done);
    return work().order.finish(room);
  }
  JoinOptions options;
  options.announcements = command.announcements;
  options.since = command.since;
  options.room_info = std::move(answer->room_info);
  options.data = std::move(answer->data);
  options.expires = answer->expires;
  const auto number = lane_.next_number();
  if (Subscription* const subscription = find(room)) subscription->set_request(number);
  when_loaded(number, {room},
              [this, room, options = std::move(options), deltas = command.request.delta,
               done = std::move(done)](absl::StatusOr<bool> loaded) mutable {
                if (loaded.ok()) {
                  finish_join(room, std::move(options), deltas, done);
                } else {
                  finish_join(room, loaded.status(), false, done);
                }
                work().order.finish(room);
              });
}

void SessionImpl::when_loaded(std::uint64_t number, const std::vector<std::string>& rooms,
                              Callback<bool> then) {
  if (core().storage() == nullptr || rooms.empty()) return then(true);
  struct Countdown {
    std::atomic<std::size_t> left;
    Callback<bool> done;
  };
  const auto countdown = std::make_shared<Countdown>();
  countdown->left = rooms.size();
  countdown->done = expect(number, std::move(then));
  // What became of each is asked again as the session enters.
  for (const std::string& room : rooms) {
    core().when_open(room, [countdown](const absl::StatusOr<SlotRef>&) {
      if (countdown->left.fetch_sub(1) == 1) countdown->done(true);
    });
  }
}

void SessionImpl::finish_join(const std::string& room, absl::StatusOr<JoinOptions> options,
                              bool deltas, Callback<JoinResult>& done) {
  Subscription* subscription = find(room);
  if (subscription == nullptr && planted(Fault::kStaleHandlerAnswer)) subscription = &add(room);
  if (!options.ok()) {
    if (subscription != nullptr) remove(*subscription);
    return done(options.status());
  }
  auto joined = enter(room, *subscription, *std::move(options), deltas, first_page());
  if (!joined.ok()) {
    remove(*subscription);
    return done(joined.status());
  }
  if (planted(Fault::kReplyAfterPush)) {
    lane_.activate(*subscription);
    return lane_.post(
        [number = number_, done = std::move(done), joined = std::move(joined)](Lane& lane) mutable {
          if (lane.find(number) != nullptr) done(std::move(joined));
        });
  }
  done(std::move(joined));
  // The reply is written; it may have called for anything, even for leaving again.
  subscription = find(room);
  if (subscription != nullptr && subscription->state == Subscription::State::kJoining) {
    lane_.activate(*subscription);
  }
}

PageBounds SessionImpl::first_page() const {
  return {limits().page_messages_max,
          std::min(limits().page_bytes_max, limits().outbox_bytes_max / 2)};
}

bool SessionImpl::fits_protocol(Payload& info) const {
  if (info.empty()) return true;
  auto checked = checked_json_of(info);
  if (checked.ok()) info = *std::move(checked);  // whoever embeds it need not look again
  return checked.ok() || !protocol_->json_only();
}

absl::StatusOr<JoinResult> SessionImpl::enter(std::string_view room, Subscription& subscription,
                                              JoinOptions options, bool deltas,
                                              const PageBounds& page) {
  if (options.room_info.size() > limits().info_bytes_max || !fits_protocol(options.room_info)) {
    return absl::InternalError("the room info is too large, or not JSON");
  }
  ClientInfoRef info = info_;
  if (!options.room_info.empty()) {
    auto with_room = std::make_shared<ClientInfo>(*info_);
    with_room->room_info = std::move(options.room_info);
    info = std::move(with_room);
  }
  const MonoTime now = lane_.now();
  for (;;) {
    auto slot = core().slot_for(room);
    if (!slot.ok()) return slot.status();
    const RoomOptions& room_options = (*slot)->options;
    if (room_options.payload_kind == PayloadKind::kBytes && protocol_->json_only()) {
      return absl::UnimplementedError("the room is closed to JSON clients");
    }
    if (!room_options.has_positions()) options.since.reset();
    Shard::JoinSince since{options.since};
    since.in_store = since.position && room_options.is_stored() &&
                     since.position->offset + 1 >= (*slot)->store_first.load();
    auto entered = core().shard_of(room).join(*slot, lane_.index(), info, since, page, now);
    if (!entered) continue;  // the room was let go in between
    if (!entered->ok()) return entered->status();
    Shard::Joined& joined = **entered;

    subscription.state = Subscription::State::kJoining;
    subscription.announcements = room_options.announce != Announce::kNever &&
                                 (room_options.announce_to_all || options.announcements);
    subscription.deltas = deltas && room_options.delta && protocol_->delta_encoder() != nullptr;
    subscription.cursor = joined.cursor;
    lane_.add_member(subscription, *slot, joined.top);
    subscription.expire_at(options.expires.value_or(kNeverExpires));
    lane_.count().joins.add();
    lane_.count().subscriptions.add();
    if (joined.announce) core().announce_soon(room, lane_);
    expect_expiry(subscription.expires());

    JoinResult result;
    if (room_options.has_positions()) result.position = std::move(joined.position);
    result.recovery_tried = options.since.has_value();
    result.recovered = joined.recovered;
    result.delta = subscription.deltas;
    result.messages = std::move(joined.messages);
    std::erase_if(result.messages,
                  [&](const EventRef& event) { return event->exclude == client(); });
    subscription.has_previous = subscription.deltas && !result.messages.empty() &&
                                result.messages.back()->messages == subscription.cursor.messages;
    result.data = std::move(options.data);
    result.ttl_s = seconds_until(subscription.expires());
    lane_.count().recovered.add(result.messages.size());
    return result;
  }
}

absl::Status SessionImpl::join(std::string_view room, JoinOptions options) {
  if (auto status = core().check_name(room); !status.ok()) return status;
  if (!connected() || closing()) return absl::UnavailableError("the session is not connected");
  if (find(room) != nullptr) return absl::AlreadyExistsError("already in the room");
  if (subscriptions_.size() >= limits().rooms_per_session_max) {
    return absl::OutOfRangeError("in too many rooms");
  }
  Subscription& subscription = add(room);
  subscription.server_side = true;
  const auto number = lane_.next_number();
  subscription.set_request(number);
  const auto outcome = std::make_shared<absl::Status>();
  when_loaded(number, {std::string(room)},
              [this, outcome, room = std::string(room),
               options = std::move(options)](absl::StatusOr<bool> loaded) mutable {
                Subscription* const asking = find(room);
                if (asking == nullptr) return;
                auto joined = loaded.ok()
                                  ? enter(room, *asking, std::move(options), false, first_page())
                                  : loaded.status();
                if (!joined.ok()) {
                  remove(*asking);
                  *outcome = joined.status();
                  return;
                }
                protocol_->push_join(room, *joined);
                lane_.activate(*asking);
              });
  return *outcome;
}

void SessionImpl::leave_command(std::string_view room, Callback<bool> done) {
  work().order.run(room, [this, room = std::string(room), done = std::move(done)]() mutable {
    if (Subscription* const subscription = find(room)) drop(*subscription, kLeftByClient);
    done(true);
    work().order.finish(room);
  });
}

absl::Status SessionImpl::leave(std::string_view room, const LeaveReason& reason) {
  const std::string name(room);  // `room` may be a part of what goes
  Subscription* const subscription = find(name);
  if (subscription == nullptr || closing()) return absl::NotFoundError("not in the room");
  if (subscription->asking()) {
    work().requests.fail(subscription->request(), absl::PermissionDeniedError("called off"));
    return absl::OkStatus();
  }
  drop(*subscription, reason);
  protocol_->push_leave(name, reason);
  return absl::OkStatus();
}

void SessionImpl::drop(Subscription& subscription, const LeaveReason& reason) {
  const SlotRef slot = subscription.slot();
  const bool ghost = planted(Fault::kGhostMember) && reason == kLeftWithSession && closed_by_peer_;
  const Cursor cursor = subscription.lane_room().cursor_of(subscription);
  if (!ghost) {
    const auto left =
        core().shard_of(slot->name()).leave(slot, lane_.index(), client(), lane_.now());
    lane_.count().left_before_delivery.add(subscription.owed(left.top) - subscription.owed(cursor));
    if (left.announce) core().announce_soon(slot->name(), lane_);
  }
  lane_.count().subscriptions.subtract();
  remove_behind(subscription);
  lane_.remove_member(*remove(subscription));
  if (core().handlers().leave) {
    tell([&] { core().handlers().leave(*this, slot->name(), reason); });
  }
}

void SessionImpl::drop_lost(Subscription& subscription, bool whole_session) {
  if (whole_session) return close(kSlow);
  if (subscription.server_side) return close(kInsufficientState);
  const SlotRef slot = subscription.slot();  // its name must outlive the subscription
  leave(slot->name(), kLeftBehind).IgnoreError();
}

}  // namespace madang
