// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "madang/base/planted_fault.h"
#include "madang/room/event.h"

namespace madang {

// What a member that reads deltas was given last, and so which patches it can read. Pure state.
class DeltaChain {
 public:
  // The member stands at `at`, and `has_previous` says whether it was given the message before.
  DeltaChain(const Cursor& at, bool has_previous) : at_(at), has_previous_(has_previous) {}

  // Whether it can read the message as it is, with a patch if there is one.
  bool reads(const Event& message) const {
    return message.before.empty() || (has_previous_ && follows(at_, message)) ||
           planted(Fault::kPatchOfUnknown);
  }
  // The next message, and whether the member was given it.
  void passed(const Event& message, bool given) {
    at_ = cursor_at(message);
    has_previous_ = given;
  }
  // Whether it was given the last message there was up to `end`.
  bool has_previous(const Cursor& end) const {
    return has_previous_ && at_.messages == end.messages;
  }

  // Whether `client`, who is given all of these but what excludes it, can read them.
  bool reads_all(std::span<const EventRef> events, const ClientId& client) const {
    DeltaChain chain = *this;
    for (const EventRef& event : events) {
      if (event->kind != EventKind::kMessage) continue;
      const bool given = event->exclude != client;
      if (given && !chain.reads(*event)) return false;
      chain.passed(*event, given);
    }
    return true;
  }

 private:
  Cursor at_;
  bool has_previous_;
};

}  // namespace madang
