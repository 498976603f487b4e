// SPDX-License-Identifier: Apache-2.0
#include "machine.h"

#include <dirent.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <charconv>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>

#include "clock.h"
#include "failure.h"

namespace load {
namespace {

constexpr std::int64_t kKilobyte = 1024;

// The number behind `key` in a file of lines "key: number kB", or nothing.
std::optional<std::int64_t> read_field(const std::string& path, std::string_view key) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(key)) continue;
    const std::size_t digits = line.find_first_of("0123456789", key.size());
    if (digits == line.npos) return std::nullopt;
    return std::stoll(line.substr(digits));
  }
  return std::nullopt;
}

std::int64_t read_kilobytes(const std::string& path, std::string_view key) {
  return read_field(path, key).value_or(0) * kKilobyte;
}

// The CPU time of all tasks of the machine, by version 1 or 2 of control groups.
std::int64_t read_tasks_ns() {
  std::int64_t usage = 0;
  if (std::ifstream("/sys/fs/cgroup/cpuacct/cpuacct.usage") >> usage) return usage;
  return read_field("/sys/fs/cgroup/cpu.stat", "usage_usec").value_or(0) * 1000;
}

void for_each_entry(const std::string& folder, const std::function<void(const char*)>& use) {
  DIR* const dir = opendir(folder.c_str());
  if (dir == nullptr) return;
  while (const dirent* entry = readdir(dir)) {
    if (entry->d_name[0] != '.') use(entry->d_name);
  }
  closedir(dir);
}

}  // namespace

CpuSample operator-(const CpuSample& later, const CpuSample& earlier) {
  return {later.wall_ns - earlier.wall_ns,     later.generator_ns - earlier.generator_ns,
          later.server_ns - earlier.server_ns, later.machine_ns - earlier.machine_ns,
          later.tasks_ns - earlier.tasks_ns,   later.server_core_ns - earlier.server_core_ns,
          later.steal_ns - earlier.steal_ns};
}

// The scheduler's own account, in nanoseconds, where /proc/PID/stat has only ticks of 10 ms.
std::int64_t read_process_cpu_ns(pid_t pid) {
  std::int64_t total = 0;
  const std::string tasks = fmt::format("/proc/{}/task", pid);
  for_each_entry(tasks, [&](const char* task) {
    std::ifstream file(fmt::format("{}/{}/schedstat", tasks, task));
    std::int64_t running = 0;
    if (file >> running) total += running;
  });
  return total;
}

std::int64_t read_process_rss_bytes(pid_t pid) {
  return read_kilobytes(fmt::format("/proc/{}/status", pid), "VmRSS:");
}

std::int64_t count_process_files(pid_t pid) {
  std::int64_t count = 0;
  for_each_entry(fmt::format("/proc/{}/fd", pid), [&](const char*) { ++count; });
  return count;
}

std::int64_t read_available_memory_bytes() {
  return read_kilobytes("/proc/meminfo", "MemAvailable:");
}

Machine::Machine(std::vector<pid_t> server_pids, int server_core)
    : pids_(std::move(server_pids)), server_core_(server_core) {}

CpuSample Machine::read_cpu() const {
  const std::int64_t tick_ns = kSecond_ns / sysconf(_SC_CLK_TCK);
  const std::string core = fmt::format("cpu{}", server_core_);
  CpuSample sample;
  std::ifstream file("/proc/stat");
  for (std::string line; std::getline(file, line) && line.starts_with("cpu");) {
    std::istringstream fields(line);
    std::string name;
    std::int64_t user = 0, nice = 0, system = 0, idle = 0, wait = 0, irq = 0, soft = 0, steal = 0;
    fields >> name >> user >> nice >> system >> idle >> wait >> irq >> soft >> steal;
    const std::int64_t busy_ns = (user + nice + system + irq + soft) * tick_ns;
    if (name == "cpu") {
      sample.machine_ns = busy_ns;
      sample.steal_ns = steal * tick_ns;
    } else if (name == core) {
      sample.server_core_ns = busy_ns;
    }
  }
  for (const pid_t pid : pids_)
    sample.server_ns += read_process_cpu_ns(pid);
  sample.tasks_ns = read_tasks_ns();
  sample.generator_ns = own_cpu_ns();
  sample.wall_ns = now_ns();
  return sample;
}

MemorySample Machine::read_memory() const {
  MemorySample sample;
  for (const pid_t pid : pids_) {
    sample.server_rss_bytes += read_process_rss_bytes(pid);
    const auto anonymous = read_field(fmt::format("/proc/{}/smaps_rollup", pid), "Pss_Anon:");
    if (anonymous) {
      sample.server_anonymous_bytes =
          sample.server_anonymous_bytes.value_or(0) + *anonymous * kKilobyte;
    }
  }
  sample.generator_rss_bytes = read_process_rss_bytes(getpid());
  sample.slab_bytes = read_kilobytes("/proc/meminfo", "Slab:");
  std::ifstream file("/proc/net/sockstat");
  for (std::string line; std::getline(file, line);) {
    const std::size_t at = line.find(" mem ");
    if (line.starts_with("TCP:") && at != line.npos) {
      sample.tcp_bytes = std::stoll(line.substr(at + 5)) * sysconf(_SC_PAGESIZE);
    }
  }
  return sample;
}

std::size_t raise_files_limit() {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  getrlimit(RLIMIT_NOFILE, &files);
  return files.rlim_cur;
}

void pin_to_core(int core) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(core, &cores);
  if (sched_setaffinity(0, sizeof cores, &cores) != 0) {
    throw Failure(fmt::format("this machine lets nobody run on core {}", core));
  }
}

}  // namespace load
