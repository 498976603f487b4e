// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>

namespace madang {

// Faults that can be planted to show that the simulation finds them. In an ordinary build planted()
// is false at compile time; in one with MADANG_PLANTED_FAULTS the simulation chooses one.
enum class Fault {
  kNone,
  kCursorOffByOne,          // a member is served from one event too far
  kLostInboxMark,           // a lane is not told of an event
  kMemberSkippedOnLeave,    // a leave moves another member past the place being served
  kGhostMember,             // a session that vanishes stays in the presence
  kDuplicateAfterRecovery,  // recovery leaves the cursor one message back
  kOffsetReused,            // two messages get one offset
  kStaleHandlerAnswer,      // an answer is used though its request was called off
  kReplyAfterPush,          // a subscription is served before its reply is written
  kPatchOfUnknown,          // a member gets a patch of a message that it was not given
};

#ifdef MADANG_PLANTED_FAULTS
inline std::atomic<Fault> planted_fault{Fault::kNone};
inline bool planted(Fault fault) { return planted_fault.load(std::memory_order_relaxed) == fault; }
#else
constexpr bool planted(Fault) { return false; }
#endif

}  // namespace madang
