// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "protocol/centrifuge/command.h"

namespace madang::centrifuge {

// Reads one command, which owns all of its parts then. False if `text` is none. Costs O(text), no
// recursion.
bool read_json_command(std::string_view text, Command& command);

}  // namespace madang::centrifuge
