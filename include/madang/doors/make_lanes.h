// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "madang/transport/lanes.h"

namespace madang {

enum class LanesKind : std::uint8_t {
  kAuto,   // UringLanes where the system permits them, else AsioLanes
  kAsio,   // AsioLanes
  kUring,  // UringLanes
};

// Makes the event loops that a server runs on. Unavailable: the system refuses what they need, and
// why; kUring also where madang was built without liburing. kAuto fails only where no event loop
// could be had.
absl::StatusOr<std::unique_ptr<Lanes>> make_lanes(LanesKind kind = LanesKind::kAuto,
                                                  LanesOptions options = {});

}  // namespace madang
