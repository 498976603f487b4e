// SPDX-License-Identifier: Apache-2.0
#include "limits.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "failure.h"
#include "machine.h"
#include "report.h"

namespace million {
namespace {

using load::Failure;

constexpr std::int64_t kLeast_bytes = 1 << 30;
// Both ends of an idle connection: the kernel's socket, file and so on twice, some 5 KB each, and
// what server and client keep.
constexpr std::int64_t kBytesPerConnection = 13'500;

std::string path_of(std::string name) {
  std::replace(name.begin(), name.end(), '.', '/');
  return "/proc/sys/" + name;
}

std::vector<std::uint64_t> read_numbers(const std::string& name) {
  std::vector<std::uint64_t> numbers;
  std::ifstream file(path_of(name));
  for (std::uint64_t number; file >> number;)
    numbers.push_back(number);
  return numbers;
}

bool write_numbers(const std::string& name, const std::string& text) {
  std::ofstream file(path_of(name));
  file << text << std::flush;
  return file.good();
}

// Raises each number of the setting `name` to that of `needed`, if it is lower. A kernel that does
// not know the setting has not the limit either.
void raise_setting(const std::string& name, const std::vector<std::uint64_t>& needed,
                   Limits* limits) {
  const std::vector<std::uint64_t> found = read_numbers(name);
  if (found.size() < needed.size()) return;
  bool is_enough = true;
  std::vector<std::uint64_t> wanted = found;
  for (std::size_t i = 0; i < needed.size(); ++i) {
    is_enough = is_enough && found[i] >= needed[i];
    wanted[i] = std::max(found[i], needed[i]);
  }
  const std::string has = fmt::format("{} = {}", name, fmt::join(found, " "));
  const std::string wants = fmt::format("{}", fmt::join(wanted, " "));
  if (is_enough) {
    limits->lines.push_back(has + ": enough");
    return;
  }
  const bool is_raised = write_numbers(name, wants) && read_numbers(name) >= needed;
  limits->lines.push_back(fmt::format(
      "{}: too low; {} {}", has, is_raised ? "raised to" : "may not be raised here to", wants));
  limits->for_good.push_back(fmt::format("{} = {}", name, wants));
}

void raise_files(std::size_t connections, Limits* limits) {
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  const std::uint64_t wanted = connections + 1000;
  const rlimit higher{std::max<rlim_t>(wanted, before.rlim_max),
                      std::max<rlim_t>(wanted, before.rlim_max)};
  const bool is_raised = setrlimit(RLIMIT_NOFILE, &higher) == 0;
  limits->files_per_process = load::raise_files_limit();
  std::string line =
      fmt::format("open files of a process: soft {}, hard {}", before.rlim_cur, before.rlim_max);
  if (limits->files_per_process != before.rlim_cur) {
    line += fmt::format("; raised to {}", limits->files_per_process);
  }
  if (!is_raised) {
    line += "; this user may not raise it further, so connections are spread over processes";
    limits->for_good.push_back(fmt::format(
        "# and in limits.conf, or as LimitNOFILE= of a service: * - nofile {}", wanted));
  }
  limits->lines.push_back(line);
}

}  // namespace

Limits raise_limits(std::size_t connections) {
  Limits limits;
  const std::uint64_t ends = 2 * std::uint64_t{connections};
  raise_setting("fs.nr_open", {std::min<std::uint64_t>(connections + 1000, 1u << 20)}, &limits);
  raise_files(connections, &limits);
  raise_setting("fs.file-max", {ends + 50'000}, &limits);
  raise_setting("fs.epoll.max_user_watches", {ends}, &limits);
  raise_setting("net.core.somaxconn", {4096}, &limits);
  raise_setting("net.ipv4.tcp_max_syn_backlog", {2048}, &limits);
  // In pages. At worst each receiver has a small message before it, in a buffer of two kilobytes.
  const std::uint64_t pages = connections / 2;
  raise_setting("net.ipv4.tcp_mem", {pages / 2, pages * 3 / 4, pages}, &limits);
  raise_setting("net.netfilter.nf_conntrack_max", {connections + 10'000}, &limits);
  const auto ports = read_numbers("net.ipv4.ip_local_port_range");
  if (ports.size() != 2) throw Failure("net.ipv4.ip_local_port_range can not be read");
  limits.outgoing_ports = {static_cast<std::uint16_t>(ports[0]),
                           static_cast<std::uint16_t>(ports[1])};
  limits.lines.push_back(fmt::format(
      "net.ipv4.ip_local_port_range = {} {}: servers listen outside of it", ports[0], ports[1]));
  return limits;
}

void require_memory(std::size_t connections) {
  const std::int64_t needed =
      static_cast<std::int64_t>(connections) * kBytesPerConnection + kLeast_bytes;
  const std::int64_t available = load::read_available_memory_bytes();
  if (available >= needed) return;
  throw Failure(fmt::format(
      "{} connections, both ends here, need about {} of memory, and {} are available: {} would fit",
      load::say_number(double(connections)), load::say_bytes(double(needed)),
      load::say_bytes(double(available)),
      load::say_number(std::max(0.0, double(available - kLeast_bytes) / kBytesPerConnection))));
}

void require_memory_left() {
  if (load::read_available_memory_bytes() >= kLeast_bytes) return;
  throw Failure("less than 1 GB of memory is left; all is stopped before the machine suffers");
}

}  // namespace million
