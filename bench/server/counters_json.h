// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "madang/engine/engine_counters.h"

namespace bench {

// An engine's counters as one JSON object, under their own names.
std::string counters_json(const madang::EngineCounters& counters);

}  // namespace bench
