// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace bench {

// The time that all threads of process `pid` have spent on a core, in ns; 0 if there is none.
std::int64_t process_cpu_ns(int pid);

// The time that all cores of the machine together were idle, or taken away by the host of this
// virtual machine, since it started; in ns, in steps of 10 ms. `cores` is set to their number.
std::int64_t machine_idle_ns(int& cores);

// The time that this process has spent on a core, in ns.
std::int64_t own_cpu_ns();

std::int64_t monotonic_ns();

}  // namespace bench
