// SPDX-License-Identifier: Apache-2.0
#include "madang/room/presence.h"

#include <utility>

namespace madang {

Presence::Entered Presence::enter(ClientInfoRef info) {
  sessions_[info->client] = info;
  if (info->user.empty()) {
    ++anonymous_;
    return {.first_of_user = true};
  }
  User& user = users_[info->user];
  if (user.sessions++ > 0) return {.first_of_user = false};
  user.first = std::move(info);
  return {.first_of_user = true};
}

Presence::Left Presence::leave(const ClientId& client) {
  ClientInfoRef* found = sessions_.find(client);
  if (found == nullptr) return {};
  Left left{.session = std::move(*found), .last_of_user = nullptr};
  sessions_.erase(client);
  if (left.session->user.empty()) {
    --anonymous_;
    left.last_of_user = left.session;
    return left;
  }
  User& user = *users_.find(left.session->user);
  if (--user.sessions > 0) return left;
  left.last_of_user = std::move(user.first);
  users_.erase(left.session->user);
  return left;
}

void Presence::known_as(const std::string& user, ClientInfoRef info) {
  if (User* found = users_.find(user)) found->first = std::move(info);
}

PresenceStats Presence::stats() const {
  return {.sessions = sessions_.size(), .users = users_.size() + anonymous_};
}

std::vector<ClientInfoRef> Presence::list(std::size_t sessions_max) const {
  std::vector<ClientInfoRef> all;
  if (sessions_max == 0) return all;
  sessions_.for_each([&](const ClientId&, const ClientInfoRef& info) {
    all.push_back(info);
    return all.size() < sessions_max;
  });
  return all;
}

}  // namespace madang
