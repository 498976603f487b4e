// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <utility>

#include "madang/transport/asio/asio_lanes.h"
#include "madang/transport/lanes.h"
#ifdef MADANG_HAS_URING
#include "madang/transport/uring/uring_lanes.h"
#endif

namespace madang {

// Has the test that calls this run once on lanes of each kind, as its SUBCASEs, and makes them.
// Further calls of the same run make more of the same kind. Where the system refuses io_uring, or
// there is no liburing, that is said, and Asio takes its place.
inline std::unique_ptr<Lanes> lanes_of_each_kind(LanesOptions options = {}) {
  static bool on_uring = false;
  SUBCASE("on Asio") { on_uring = false; }
  SUBCASE("on io_uring") { on_uring = true; }
  if (on_uring) {
#ifdef MADANG_HAS_URING
    auto lanes = UringLanes::create(options);
    if (lanes.ok()) return *std::move(lanes);
    MESSAGE("not on io_uring: ", lanes.status().ToString());
#else
    MESSAGE("not on io_uring: there is no liburing");
#endif
  }
  return std::make_unique<AsioLanes>(std::move(options));
}

}  // namespace madang
