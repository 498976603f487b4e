// SPDX-License-Identifier: Apache-2.0
#include "cpu_time.h"

#include <fmt/format.h>

#include <ctime>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <system_error>

namespace bench {
namespace {

std::int64_t clock_ns(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return time.tv_sec * 1'000'000'000LL + time.tv_nsec;
}

}  // namespace

std::int64_t process_cpu_ns(int pid) {
  std::int64_t sum = 0;
  std::error_code gone;
  for (const auto& task :
       std::filesystem::directory_iterator(fmt::format("/proc/{}/task", pid), gone)) {
    std::ifstream file(task.path() / "schedstat");
    std::int64_t on_core_ns = 0;
    if (file >> on_core_ns) sum += on_core_ns;
  }
  return sum;
}

std::int64_t machine_idle_ns(int& cores) {
  // The kernel counts idle time exactly and busy time by looking now and then.
  constexpr std::int64_t kTickNs = 10'000'000;
  std::ifstream file("/proc/stat");
  std::int64_t sum_ns = 0;
  cores = 0;
  for (std::string line; std::getline(file, line) && line.starts_with("cpu");) {
    if (line[3] == ' ') continue;  // The sum of the others.
    std::istringstream fields(line);
    std::string name;
    std::int64_t user = 0, nice = 0, system = 0, idle = 0, wait = 0;
    std::int64_t irq = 0, softirq = 0, steal = 0;
    fields >> name >> user >> nice >> system >> idle >> wait >> irq >> softirq >> steal;
    sum_ns += (idle + wait + steal) * kTickNs;
    ++cores;
  }
  return sum_ns;
}

std::int64_t own_cpu_ns() { return clock_ns(CLOCK_PROCESS_CPUTIME_ID); }

std::int64_t monotonic_ns() { return clock_ns(CLOCK_MONOTONIC); }

}  // namespace bench
