// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "madang/base/time.h"
#include "madang/doors/server.h"
#include "madang/engine/engine.h"
#include "madang/transport/lanes.h"

namespace madang {

struct RunOptions {
  // How sessions are told to go.
  DrainOptions drain = {};
  // From the signal to the return, whatever hangs.
  Duration deadline = std::chrono::seconds(10);
};

// The rest of a server's main(): starts the lanes, waits for SIGINT or SIGTERM, stops the server,
// drains the engine and ends the lanes. Answers whether all connections ended before the deadline.
// Nothing runs any more when it returns, so that what was handed in can be destroyed.
bool run_until_signal(Lanes& lanes, Engine& engine, Server& server, RunOptions options = {});
// The same for several servers of one engine.
bool run_until_signal(Lanes& lanes, Engine& engine, std::span<Server* const> servers,
                      RunOptions options = {});

}  // namespace madang
