// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "protocol/centrifuge/command.h"

namespace madang::centrifuge {

// Reads one command, which owns all of its parts then. False if `text` is none. The data of a
// publish may still be no JSON: the engine checks what goes into rooms. Costs O(text), no
// recursion.
bool read_json_command(std::string_view text, Command& command);

}  // namespace madang::centrifuge
