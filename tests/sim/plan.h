// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "madang/base/limits.h"
#include "madang/base/random.h"
#include "madang/room/room_options.h"

namespace madang::sim {

inline constexpr std::uint64_t kBatchDelayMaxMs = 200;

struct RoomPlan {
  std::string name;
  RoomOptions options;
};

// What a seed makes of the world before anything happens in it.
struct Plan {
  std::size_t lanes = 2;
  std::size_t clients = 3;
  std::size_t users = 2;
  std::size_t steps = 1'000;
  Limits limits;
  std::vector<RoomPlan> rooms;

  // How many of a hundred answers of the host come late, never, twice or as an exception.
  std::size_t odd_answers_percent = 0;
  // Lanes are waited for, however long they sleep, and outboxes are wide: nobody who reads is ever
  // overrun.
  bool patient = false;
};

Plan draw_plan(SeededRandom& draw);

}  // namespace madang::sim
