// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace madang {

// What is told of one room among others.
struct RoomFacts {
  std::string name;
  std::uint64_t members = 0;
};

}  // namespace madang
