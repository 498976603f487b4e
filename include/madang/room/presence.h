// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/hash/hash.h"
#include "madang/base/growing_set.h"
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
  void known_as(std::string_view user, ClientInfoRef info);

  PresenceStats stats() const;

  // All sessions, in no order, but at most `sessions_max` of them.
  std::vector<ClientInfoRef> list(std::size_t sessions_max) const;

 private:
  struct User {
    std::string name;
    std::uint64_t sessions = 0;
    ClientInfoRef first;  // the session that brought the user in
  };

  struct SessionHash {
    std::size_t operator()(const ClientId& client) const { return absl::Hash<ClientId>{}(client); }
    std::size_t operator()(const ClientInfoRef& info) const { return (*this)(info->client); }
  };
  struct SameSession {
    bool operator()(const ClientInfoRef& a, const ClientId& b) const { return a->client == b; }
    bool operator()(const ClientInfoRef& a, const ClientInfoRef& b) const {
      return a->client == b->client;
    }
  };
  struct UserHash {
    std::size_t operator()(std::string_view name) const { return StringHash{}(name); }
    std::size_t operator()(const User& user) const { return (*this)(user.name); }
  };
  struct SameUser {
    bool operator()(const User& a, std::string_view b) const { return a.name == b; }
    bool operator()(const User& a, const User& b) const { return a.name == b.name; }
  };

  GrowingSet<ClientInfoRef, SessionHash, SameSession> sessions_;
  GrowingSet<User, UserHash, SameUser> users_;
  std::uint64_t anonymous_ = 0;
};

}  // namespace madang
