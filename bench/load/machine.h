// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <vector>

namespace load {

// What the machine has spent, as /proc tells it. Differences between two of these are meant.
struct CpuSample {
  std::int64_t wall_ns = 0;
  std::int64_t generator_ns = 0;  // this process
  std::int64_t server_ns = 0;     // all threads of the server's processes, kernel time included
  // All cores, in steps of 10 ms: whatever was not idle, so kernel threads and softirqs too.
  std::int64_t machine_ns = 0;
  // The same without what interrupts did while nothing else ran, but exact; 0 where no control
  // group counts it.
  std::int64_t tasks_ns = 0;
  std::int64_t server_core_ns = 0;  // one core, if it was named
  std::int64_t steal_ns = 0;        // by other machines on the same iron
};

CpuSample operator-(const CpuSample& later, const CpuSample& earlier);

struct MemorySample {
  std::int64_t server_rss_bytes = 0;
  std::optional<std::int64_t> server_anonymous_bytes;  // proportional; where the kernel tells
  std::int64_t generator_rss_bytes = 0;
  std::int64_t tcp_bytes = 0;   // buffers of all sockets of the machine
  std::int64_t slab_bytes = 0;  // all kernel objects of the machine, sockets among them
};

// Reads /proc. A process that is gone counts as nothing.
class Machine {
 public:
  // `server_core` below 0: none.
  explicit Machine(std::vector<pid_t> server_pids, int server_core = -1);

  bool has_servers() const { return !pids_.empty(); }
  CpuSample read_cpu() const;
  MemorySample read_memory() const;

 private:
  const std::vector<pid_t> pids_;
  const int server_core_;
};

std::int64_t read_process_cpu_ns(pid_t pid);
std::int64_t read_process_rss_bytes(pid_t pid);
std::int64_t count_process_files(pid_t pid);
std::int64_t read_available_memory_bytes();

// Raises the limit of open files of this process as far as it may, and answers it.
std::size_t raise_files_limit();

// Lets this thread run on one core only. Failure if there is no such core.
void pin_to_core(int core);

}  // namespace load
