// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "madang/base/client_id.h"

namespace madang {

// Which sessions of a user are meant: all of them, unless it is said otherwise.
struct UserSessions {
  UserSessions(std::string_view name) : user(name) {}        // NOLINT: a user is all of them
  UserSessions(const char* name) : user(name) {}             // NOLINT
  UserSessions(std::string name) : user(std::move(name)) {}  // NOLINT
  UserSessions(std::string name, const ClientId& client) : user(std::move(name)), only(client) {}

  std::string user;
  ClientId only = {};                 // this one alone, if it is one of the user's; nil: all
  std::vector<ClientId> except = {};  // but for these

  bool has(const ClientId& client) const {
    return (only == ClientId() || only == client) &&
           std::ranges::find(except, client) == except.end();
  }
};

}  // namespace madang
