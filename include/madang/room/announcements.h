// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "madang/room/event.h"

namespace madang {

// Joins and leaves that the members have not been told of yet. A leave takes back a join that
// still waits, and a join a leave, so that a page reloaded within a tick makes no noise. Pure
// state.
class Announcements {
 public:
  struct Entry {
    EventKind kind;
    std::string key;  // the user or session that it is about
    ClientInfoRef info;
  };

  bool empty() const { return entries_.empty(); }
  std::size_t size() const { return entries_.size(); }

  // Answers the info of the opposite that it took back, and null if it waits now.
  ClientInfoRef add(EventKind kind, std::string key, ClientInfoRef info);

  // All that wait, in order; none waits afterwards.
  std::vector<Entry> take() { return std::exchange(entries_, {}); }

 private:
  std::vector<Entry> entries_;
};

}  // namespace madang
