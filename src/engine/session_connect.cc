// SPDX-License-Identifier: Apache-2.0

// Who a session is: connecting, and credentials that expire.

#include <algorithm>
#include <utility>

#include "engine/engine_impl.h"
#include "engine/session_ask.h"
#include "engine/session_impl.h"

namespace madang {

void SessionImpl::connect_command(ConnectCommand command, Callback<ConnectResult> done) {
  if (stage_ != Stage::kNew) return done(absl::InvalidArgumentError("connected already"));
  stage_ = Stage::kAsking;
  const auto since = std::make_shared<StringMap<StreamPosition>>(std::move(command.since));
  ask<ConnectRequest, ConnectAnswer>(
      lane_.next_number(), core().handlers().connect, command.request,
      [this, since, done = std::move(done)](absl::StatusOr<ConnectAnswer> answer) mutable {
        if (!answer.ok()) return finish_connect(answer.status(), *since, done);
        std::vector<std::string> rooms;
        for (const auto& [room, options] : answer->rooms)
          rooms.push_back(room);
        when_loaded(lane_.next_number(), rooms,
                    [this, since, answer = *std::move(answer),
                     done = std::move(done)](absl::StatusOr<bool> loaded) mutable {
                      if (!loaded.ok()) return finish_connect(loaded.status(), *since, done);
                      finish_connect(std::move(answer), *since, done);
                    });
      });
}

void SessionImpl::finish_connect(absl::StatusOr<ConnectAnswer> answer,
                                 const StringMap<StreamPosition>& since,
                                 Callback<ConnectResult>& done) {
  ConnectResult result;
  const absl::Status status =
      answer.ok() ? accept_connect(*answer, since, result) : answer.status();
  if (!status.ok()) {
    stage_ = Stage::kRefused;
    return done(status);
  }
  done(std::move(result));
  // Until now nothing of these rooms has been sent.
  for (const auto& subscription : subscriptions_) {
    if (subscription->state == Subscription::State::kJoining) lane_.activate(*subscription);
  }
  if (!closing() && core().handlers().connected) {
    tell([&] { core().handlers().connected(*this); });
  }
}

absl::Status SessionImpl::accept_connect(ConnectAnswer& answer,
                                         const StringMap<StreamPosition>& since,
                                         ConnectResult& result) {
  if (answer.user.size() > limits().user_bytes_max ||
      answer.connection_info.size() > limits().info_bytes_max) {
    return absl::InternalError("the connect handler's user or info is too large");
  }
  if (!fits_protocol(answer.connection_info)) {
    return absl::InternalError("the connect handler's info is not JSON");
  }
  auto info = std::make_shared<ClientInfo>();
  info->user = std::move(answer.user);
  info->client = client();
  info->connection_info = std::move(answer.connection_info);
  info_ = std::move(info);
  expire_at(answer.expires);
  client_refreshes_ = answer.client_refreshes;
  gather_writes(answer.batch);

  PageBounds page = first_page();
  for (auto& [room, options] : answer.rooms) {
    if (const auto known = since.find(room); known != since.end()) options.since = known->second;
    if (find(room) != nullptr) continue;
    Subscription& subscription = add(room);
    subscription.server_side = true;
    auto joined = enter(room, subscription, std::move(options), false, page);
    if (!joined.ok()) {
      remove(subscription);
      return joined.status();
    }
    // All pages go out in one reply, so they share the bounds of one.
    for (const EventRef& event : joined->messages) {
      page.bytes_max -= std::min(page.bytes_max, event->bytes());
      --page.messages_max;
    }
    if (page.bytes_max == 0) page.messages_max = 0;
    result.rooms.emplace_back(room, *std::move(joined));
  }

  stage_ = Stage::kConnected;
  lane_.add_user(*this);
  lane_.count().connects.add();
  const MonoTime now = lane_.now();
  heartbeat_.start(limits(), now, lane_.random().next());
  look_at_clock(heartbeat_.due());
  expect_expiry(expiry());
  result.client = client();
  result.data = std::move(answer.data);
  if (client_refreshes_) result.ttl_s = seconds_until(expiry());
  result.ping_interval_s = static_cast<std::uint32_t>(
      std::chrono::ceil<std::chrono::seconds>(limits().ping_interval).count());
  return absl::OkStatus();
}

std::optional<std::uint32_t> SessionImpl::seconds_until(WallTime time) const {
  if (time == kNeverExpires) return std::nullopt;
  const auto left = std::chrono::ceil<std::chrono::seconds>(time - lane_.wall_now()).count();
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(left, 0, 0x7fffffff));
}

// Nothing: never.
void SessionImpl::expire_at(std::optional<WallTime> time) {
  if (const WallTime then = time.value_or(kNeverExpires); then != expiry()) {
    extra().expires = then;
  }
}

// The wall clock may jump, so an expiry far away is looked at again with every ping.
void SessionImpl::expect_expiry(WallTime time) {
  if (time == kNeverExpires) return;
  const auto left = std::max<Duration>(time - lane_.wall_now(), Duration(0));
  look_at_clock(lane_.now() + std::min<Duration>(left, limits().ping_interval));
}

void SessionImpl::expire_credentials() {
  const WallTime now = lane_.wall_now();
  const auto grace = std::chrono::duration_cast<std::chrono::milliseconds>(limits().expiry_grace);
  if (now >= expiry()) {
    if (!client_refreshes_ && core().handlers().refresh && !refreshing_) {
      refresh_by_host();
    } else if (now >= expiry() + grace) {
      return close(kExpired);
    }
  }
  if (expiry() != kNeverExpires) expect_expiry(now >= expiry() ? expiry() + grace : expiry());

  std::vector<std::string> over;
  for (const auto& subscription : subscriptions_) {
    if (subscription->expires() == kNeverExpires) continue;
    if (now >= subscription->expires() + grace) {
      if (subscription->server_side) return close(kSubscriptionExpired);
      over.emplace_back(subscription->room());
    } else {
      expect_expiry(subscription->expires() + grace);
    }
  }
  for (const auto& room : over)
    leave(room, kLeftExpired).IgnoreError();
}

void SessionImpl::refresh_by_host() {
  refreshing_ = true;
  ask<RefreshRequest, RefreshAnswer>(lane_.next_number(), core().handlers().refresh,
                                     RefreshRequest{},
                                     [this](absl::StatusOr<RefreshAnswer> answer) {
                                       refreshing_ = false;
                                       if (!answer.ok()) return close(kExpired);
                                       expire_at(answer->expires);
                                       if (expiry() <= lane_.wall_now()) return close(kExpired);
                                       renew_info(*answer);
                                       expect_expiry(expiry());
                                     });
}

void SessionImpl::renew_info(const RefreshAnswer& answer) {
  Payload connection_info = answer.connection_info;
  if (connection_info.empty() || connection_info.size() > limits().info_bytes_max ||
      !fits_protocol(connection_info)) {
    return;
  }
  auto info = std::make_shared<ClientInfo>(*info_);
  info->connection_info = std::move(connection_info);
  info_ = std::move(info);  // rooms it is in keep the old one until it joins again
}

void SessionImpl::refresh(std::optional<WallTime> expires) {
  if (!connected() || closing()) return;
  if (expires && *expires <= lane_.wall_now()) return close(kExpired);
  expire_at(expires);
  expect_expiry(expiry());
  // Who asks for a refresh when the time comes was said as it connected.
  const auto ttl_s = seconds_until(expiry());
  if (client_refreshes_ && ttl_s) protocol_->push_refresh(*ttl_s);
}

void SessionImpl::refresh_command(RefreshRequest request, Callback<RefreshResult> done) {
  const std::string room = request.room;
  if (!room.empty() && !in_room(room)) {
    return done(absl::PermissionDeniedError("not a member of the room"));
  }
  ask<RefreshRequest, RefreshAnswer>(
      lane_.next_number(), core().handlers().refresh, request,
      [this, room, done = std::move(done)](absl::StatusOr<RefreshAnswer> answer) mutable {
        if (!answer.ok()) return done(answer.status());
        const WallTime expires = answer->expires.value_or(kNeverExpires);
        if (room.empty()) {
          expire_at(expires);
          renew_info(*answer);
        } else {
          Subscription* const subscription = find(room);
          if (subscription == nullptr) {
            return done(absl::PermissionDeniedError("not a member of the room"));
          }
          subscription->expire_at(expires);
        }
        expect_expiry(expires);
        done(RefreshResult{seconds_until(expires)});
      });
}

}  // namespace madang
