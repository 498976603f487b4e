// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace million {

// What so many connections need of this machine, and what it has.
struct Limits {
  std::size_t files_per_process = 0;
  std::pair<std::uint16_t, std::uint16_t> outgoing_ports;  // those a server must not listen on
  std::vector<std::string> lines;     // what was found, what was raised, what could not be
  std::vector<std::string> for_good;  // how to raise it for good, as lines of sysctl.conf
};

// Looks at every limit that `connections` meet, both ends on this machine, and raises those that
// are too low as far as this user may, until the machine starts anew.
Limits raise_limits(std::size_t connections);

// Failure if this machine has not the memory for `connections`, both ends.
void require_memory(std::size_t connections);
// Failure if what is left is less than a gigabyte.
void require_memory_left();

}  // namespace million
