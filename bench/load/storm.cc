// SPDX-License-Identifier: Apache-2.0

// Everybody connects and enters a room as fast as it goes, then everybody is gone, and again.
#include <fmt/format.h>
#include <unistd.h>

#include <memory>

#include "clock.h"
#include "failure.h"
#include "histogram.h"
#include "run.h"

namespace load {
namespace {

constexpr std::int64_t kQuietStep_ns = 20 * kMillisecond_ns;
constexpr std::int64_t kQuiet_ns = 1 * kMillisecond_ns;
constexpr int kQuietSteps = 250;

void add(CpuSample* sum, const CpuSample& spent) {
  sum->wall_ns += spent.wall_ns;
  sum->generator_ns += spent.generator_ns;
  sum->server_ns += spent.server_ns;
  sum->machine_ns += spent.machine_ns;
  sum->tasks_ns += spent.tasks_ns;
  sum->server_core_ns += spent.server_core_ns;
  sum->steal_ns += spent.steal_ns;
}

// Times the way from connect() until a client is in its room.
class Arrivals : public Listener {
 public:
  void on_ready(Connection& connection, std::int64_t now_ns) override {
    latency_.record(now_ns - connection.began_ns);
  }
  void on_messages(Connection&, const Mark*, std::size_t, std::int64_t) override {
    throw Failure("a message came, and nobody had published one");
  }
  Histogram& latency() { return latency_; }

 private:
  Histogram latency_;
};

// Until the server has dropped everybody, so that this is charged to nobody's connect.
void wait_for_quiet(Run& run) {
  std::int64_t before = run.machine.read_cpu().server_ns;
  for (int i = 0; i < kQuietSteps; ++i) {
    ::usleep(static_cast<useconds_t>(kQuietStep_ns / 1000));
    const std::int64_t after = run.machine.read_cpu().server_ns;
    if (after - before < kQuiet_ns) return;
    before = after;
  }
}

}  // namespace

void run_storm(Run& run) {
  const Options& options = run.options;
  const auto codec = make_codec(options, true);
  Arrivals arrivals;
  Pool pool(make_pool_options(options, codec.get(), &arrivals));
  require_files(std::size_t{options.rooms} * options.members);
  for (std::uint32_t room = 0; room < options.rooms; ++room) {
    for (std::uint32_t i = 0; i < options.members; ++i)
      pool.add(room, i);
  }

  CpuSample connecting, all;
  std::uint64_t connects = 0;
  std::uint64_t waves = 0;
  const std::int64_t start = now_ns();
  const double warm_s = options.warmup_s;
  for (bool is_warm = false;;) {
    const double passed_s = double(now_ns() - start) / 1e9;
    if (!is_warm && passed_s >= warm_s && waves > 0) {
      is_warm = true;
      connecting = all = CpuSample();
      connects = waves = 0;
      arrivals.latency().clear();
    }
    if (is_warm && waves > 0 && passed_s >= warm_s + options.duration_s) break;
    const CpuSample before = run.machine.read_cpu();
    connect_all(run, pool);
    add(&connecting, run.machine.read_cpu() - before);
    pool.close_all();
    wait_for_quiet(run);
    add(&all, run.machine.read_cpu() - before);
    connects += pool.size();
    ++waves;
  }

  Figures& figures = run.report.figures();
  const double per_s = double(connects) / (double(connecting.wall_ns) / 1e9);
  figures.add("handshakes", std::uint64_t{options.handshakes});
  figures.add("waves", waves);
  figures.add("connects", connects);
  figures.add("connects_per_s", per_s);
  figures.add("server_cpu_ns_per_connect_and_close", double(all.server_ns) / double(connects));
  figures.add("machine_cpu_ns_per_connect_and_close",
              double(all.machine_ns - all.generator_ns) / double(connects));
  run.report.say(fmt::format("  {:<15} {} a second, {} in {} waves", "connects", say_number(per_s),
                             say_number(double(connects)), waves));
  run.report.add_latency("latency", arrivals.latency());
  report_cpu(run, connecting, connects, "connect");
}

}  // namespace load
