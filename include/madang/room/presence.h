// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/hash/hash.h"
#include "madang/base/growing_map.h"
#include "madang/base/hash.h"
#include "madang/room/event.h"

namespace madang {

struct PresenceStats {
  std::uint64_t sessions = 0;
  std::uint64_t users = 0;  // a session without a user counts as one

  friend bool operator==(const PresenceStats&, const PresenceStats&) = default;
};

// Who is in a room: its users, each with all their sessions. Counting takes no walk, and growing
// never stops the room. Pure state.
class Presence {
 public:
  struct Entered {
    bool first_of_user = false;
  };
  struct Left {
    ClientInfoRef session;       // null: was not here
    ClientInfoRef last_of_user;  // who the user was announced as; null: has other sessions here
  };

  // `info->client` is not here yet.
  Entered enter(ClientInfoRef info);
  Left leave(const ClientId& client);

  // The members know this user by another session: its leave will carry that one.
  void known_as(const std::string& user, ClientInfoRef info);

  PresenceStats stats() const;

  // All sessions, in no order, but at most `sessions_max` of them.
  std::vector<ClientInfoRef> list(std::size_t sessions_max) const;

 private:
  struct User {
    std::uint64_t sessions = 0;
    ClientInfoRef first;  // the session that brought the user in
  };

  GrowingMap<ClientId, ClientInfoRef, absl::Hash<ClientId>> sessions_;
  GrowingMap<std::string, User, StringHash, StringEqual> users_;
  std::uint64_t anonymous_ = 0;
};

}  // namespace madang
