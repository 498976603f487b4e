// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config.h"

namespace server {

// Serves until SIGINT or SIGTERM, and answers what main() returns. `config` has been checked.
int serve(const Config& config);

}  // namespace server
