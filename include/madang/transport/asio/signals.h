// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace madang {

// Waits until someone asks the process to end, with SIGINT or SIGTERM, and returns that signal. Two
// threads may not wait at once. A second signal, after the return, ends the process as usual.
int wait_for_stop_signal();

}  // namespace madang
