// SPDX-License-Identifier: Apache-2.0
// Drives the fan-out of Redis or NATS for bench/compare: a publisher, and the subscribers of one
// subject. Prints one JSON object.

#include <fmt/format.h>
#include <sched.h>

#include <CLI/CLI.hpp>
#include <cstdint>
#include <exception>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>

#include "cpu_time.h"
#include "fan_out.h"

namespace {

struct Options {
  bench::FanOutOptions fan_out;
  int server_pid = 0;
  int core = -1;
  double warmup_s = 0.3;
  double duration_s = 1.5;
};

struct Moment {
  explicit Moment(int server_pid)
      : time_ns(bench::monotonic_ns()),
        idle_ns(bench::machine_idle_ns(cores)),
        server_ns(bench::process_cpu_ns(server_pid)),
        own_ns(bench::own_cpu_ns()) {}
  int cores = 0;
  std::int64_t time_ns;
  std::int64_t idle_ns;
  std::int64_t server_ns;
  std::int64_t own_ns;
};

std::int64_t after(double seconds) {
  return bench::monotonic_ns() + static_cast<std::int64_t>(seconds * 1e9);
}

void run(const Options& options) {
  bench::FanOut fan_out(options.fan_out);
  fan_out.run_until(after(options.warmup_s));
  const std::uint64_t before = fan_out.deliveries();
  const Moment start(options.server_pid);
  fan_out.run_until(after(options.duration_s));
  const Moment end(options.server_pid);
  const auto deliveries = static_cast<double>(fan_out.deliveries() - before);
  fan_out.drain();
  if (deliveries == 0) throw std::runtime_error("nothing was delivered");

  const auto elapsed_ns = static_cast<double>(end.time_ns - start.time_ns);
  const auto own_ns = static_cast<double>(end.own_ns - start.own_ns);
  const double busy_ns = elapsed_ns * end.cores - static_cast<double>(end.idle_ns - start.idle_ns);
  fmt::print(
      "{{\"ok\": true, \"deliveries\": {:.0f}, \"duration_s\": {:.6f}, "
      "\"deliveries_per_s\": {:.1f}, \"server_cpu_ns_per_delivery\": {:.3f}, "
      "\"machine_cpu_ns_per_delivery\": {:.3f}, \"generator_cpu_share\": {:.4f}}}\n",
      deliveries, elapsed_ns / 1e9, deliveries / elapsed_ns * 1e9,
      static_cast<double>(end.server_ns - start.server_ns) / deliveries,
      (busy_ns - own_ns) / deliveries, own_ns / elapsed_ns);
}

}  // namespace

int main(int argc, char** argv) {
  using bench::Protocol;
  Options options;
  CLI::App app("Drives the fan-out of Redis or NATS.");
  app.add_option("--protocol", options.fan_out.protocol)
      ->transform(CLI::CheckedTransformer(
          std::map<std::string, Protocol>{{"nats", Protocol::kNats}, {"redis", Protocol::kRedis}}));
  app.add_option("--port", options.fan_out.port, "Of the server, on 127.0.0.1")->required();
  app.add_option("--members", options.fan_out.members, "Subscribers")
      ->check(CLI::Range(1, 100'000));
  app.add_option("--in-flight", options.fan_out.in_flight, "Messages that wait for somebody")
      ->check(CLI::Range(1, 4096));
  app.add_option("--size", options.fan_out.message_bytes, "Bytes of a message")
      ->check(CLI::Range(1, 65'536));
  app.add_option("--server-pid", options.server_pid, "Process whose CPU time is read");
  app.add_option("--core", options.core, "Core to run on");
  app.add_option("--warmup", options.warmup_s, "Seconds");
  app.add_option("--duration", options.duration_s, "Seconds that are measured");
  CLI11_PARSE(app, argc, argv);
  try {
    if (options.core >= 0) {
      cpu_set_t cores;
      CPU_ZERO(&cores);
      CPU_SET(options.core, &cores);
      sched_setaffinity(0, sizeof cores, &cores);
    }
    run(options);
  } catch (const std::exception& error) {
    fmt::print(stderr, "pubsub: {}\n", error.what());
    return 1;
  }
  return 0;
}
