// SPDX-License-Identifier: Apache-2.0

// Plants each fault of planted_fault.h in turn and shows that the simulation finds it within the
// seeds of an ordinary run, and that it finds nothing where nothing is planted.

#include <cstdio>

#include "madang/base/planted_fault.h"
#include "sim/seeds.h"

namespace {

struct Planted {
  madang::Fault fault;
  const char* name;
};

constexpr Planted kFaults[] = {
    {madang::Fault::kCursorOffByOne, "cursor off by one"},
    {madang::Fault::kLostInboxMark, "lost inbox mark"},
    {madang::Fault::kMemberSkippedOnLeave, "member skipped on leave"},
    {madang::Fault::kGhostMember, "ghost member"},
    {madang::Fault::kDuplicateAfterRecovery, "duplicate after recovery"},
    {madang::Fault::kOffsetReused, "offset reused"},
    {madang::Fault::kStaleHandlerAnswer, "stale handler answer"},
    {madang::Fault::kReplyAfterPush, "reply after push"},
    {madang::Fault::kPatchOfUnknown, "patch of an unknown message"},
};

}  // namespace

int main() {
  bool as_wanted = true;
  for (const auto& planted : kFaults) {
    madang::planted_fault = planted.fault;
    std::printf("%s: ", planted.name);
    const auto found = madang::sim::first_failing_seed({}, true);
    if (!found) std::printf("not found\n");
    as_wanted = as_wanted && found.has_value();
  }
  madang::planted_fault = madang::Fault::kNone;
  const bool sound = !madang::sim::first_failing_seed({}, true).has_value();
  std::printf("nothing planted: %s\n", sound ? "nothing found" : "something found");
  return as_wanted && sound ? 0 : 1;
}
