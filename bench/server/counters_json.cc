// SPDX-License-Identifier: Apache-2.0
#include "counters_json.h"

#include <fmt/format.h>

#include <cstdint>

namespace bench {
namespace {

using madang::EngineCounters;

struct Field {
  const char* name;
  std::uint64_t EngineCounters::*value;
};

constexpr Field kFields[] = {
    {"published", &EngineCounters::published},
    {"expected", &EngineCounters::expected},
    {"publishes_refused_full", &EngineCounters::publishes_refused_full},
    {"publishes_repeated", &EngineCounters::publishes_repeated},
    {"delivered", &EngineCounters::delivered},
    {"excluded", &EngineCounters::excluded},
    {"dropped_oldest", &EngineCounters::dropped_oldest},
    {"dropped_latest", &EngineCounters::dropped_latest},
    {"dropped_not_kept", &EngineCounters::dropped_not_kept},
    {"left_before_delivery", &EngineCounters::left_before_delivery},
    {"told_of_gap", &EngineCounters::told_of_gap},
    {"recovered", &EngineCounters::recovered},
    {"sessions", &EngineCounters::sessions},
    {"subscriptions", &EngineCounters::subscriptions},
    {"rooms", &EngineCounters::rooms},
    {"connects", &EngineCounters::connects},
    {"joins", &EngineCounters::joins},
    {"commands", &EngineCounters::commands},
    {"commands_refused", &EngineCounters::commands_refused},
    {"closed_slow", &EngineCounters::closed_slow},
    {"closed_no_pong", &EngineCounters::closed_no_pong},
    {"closed_by_peer", &EngineCounters::closed_by_peer},
    {"closed_for_cause", &EngineCounters::closed_for_cause},
    {"handler_threw", &EngineCounters::handler_threw},
    {"handler_timed_out", &EngineCounters::handler_timed_out},
    {"handler_dropped_reply", &EngineCounters::handler_dropped_reply},
    {"handler_answered_twice", &EngineCounters::handler_answered_twice},
    {"handler_answered_late", &EngineCounters::handler_answered_late},
    {"lane_tasks_refused", &EngineCounters::lane_tasks_refused},
};

}  // namespace

std::string counters_json(const EngineCounters& counters) {
  std::string out;
  for (const Field& field : kFields) {
    out += fmt::format("{}\"{}\":{}", out.empty() ? '{' : ',', field.name, counters.*field.value);
  }
  return out + '}';
}

}  // namespace bench
