// SPDX-License-Identifier: Apache-2.0
#include "madang/room/presence.h"

#include <utility>

namespace madang {

Presence::Entered Presence::enter(ClientInfoRef info) {
  const bool guest = info->user.empty();
  if (guest) {
    ++anonymous_;
    sessions_.insert(std::move(info));
    return {.first_of_user = true};
  }
  User& user =
      *users_.insert({.name = std::string(info->user.view()), .sessions = 0, .first = nullptr})
           .first;
  const bool first = user.sessions++ == 0;
  if (first) user.first = info;
  sessions_.insert(std::move(info));
  return {.first_of_user = first};
}

Presence::Left Presence::leave(const ClientId& client) {
  Left left;
  if (!sessions_.take(client, left.session)) return left;
  if (left.session->user.empty()) {
    --anonymous_;
    left.last_of_user = left.session;
    return left;
  }
  User& user = *users_.find(left.session->user.view());
  if (--user.sessions > 0) return left;
  left.last_of_user = std::move(user.first);
  User gone;
  users_.take(left.session->user.view(), gone);
  return left;
}

void Presence::known_as(std::string_view user, ClientInfoRef info) {
  if (User* found = users_.find(user)) found->first = std::move(info);
}

PresenceStats Presence::stats() const {
  return {.sessions = sessions_.size(), .users = users_.size() + anonymous_};
}

std::vector<ClientInfoRef> Presence::list(std::size_t sessions_max) const {
  std::vector<ClientInfoRef> all;
  if (sessions_max == 0) return all;
  sessions_.for_each([&](const ClientInfoRef& info) {
    all.push_back(info);
    return all.size() < sessions_max;
  });
  return all;
}

}  // namespace madang
