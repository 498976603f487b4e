// SPDX-License-Identifier: Apache-2.0
#include "run.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "clock.h"
#include "failure.h"

namespace load {
namespace {

constexpr std::uint64_t kNoLimit = std::numeric_limits<std::uint64_t>::max();
// Standard streams, the epoll, and what reading /proc takes.
constexpr std::size_t kOtherFiles = 16;

TemplateOptions make_template_options(const Options& options) {
  TemplateOptions t;
  t.phrases.path = options.path;
  t.phrases.opening = options.open;
  t.phrases.publish = options.publish.empty() ? "{message}" : options.publish;
  t.phrases.publish_path = options.publish_path;
  t.phrases.echo = options.echo;
  t.ready = options.ready;
  const std::size_t equals = options.pong.find('=');
  if (equals != std::string::npos) {
    t.ping = options.pong.substr(0, equals);
    t.pong = options.pong.substr(equals + 1);
  }
  return t;
}

}  // namespace

std::unique_ptr<Codec> make_codec(const Options& options, bool enters) {
  const bool quotes = options.quote && options.protocol == Protocol::kTemplate;
  Wording wording{options.room_prefix, make_message(options.message_bytes, quotes)};
  if (options.protocol == Protocol::kTemplate) {
    return make_template_codec(make_template_options(options), std::move(wording));
  }
  return make_centrifuge_codec(options.path, {.subscribes = enters, .is_early = options.is_early},
                               std::move(wording));
}

PoolOptions make_pool_options(const Options& options, Codec* codec, Listener* listener) {
  PoolOptions pool;
  pool.server = options.server;
  pool.codec = codec;
  pool.listener = listener;
  pool.source_addresses = options.source_addresses;
  pool.slow_receive_bytes = options.slow_receive_bytes;
  return pool;
}

void require_files(std::size_t connections) {
  const std::size_t limit = raise_files_limit();
  if (connections + kOtherFiles <= limit) return;
  throw Failure(fmt::format(
      "{} connections need as many open files, and this process may have {} (ulimit -n, "
      "RLIMIT_NOFILE): raise that limit, or run several of these",
      connections, limit));
}

std::int64_t connect_all(Run& run, Pool& pool) {
  struct Context {
    Progress& progress;
    double all;
  } context{run.progress, double(pool.size())};
  run.progress.start("connecting");
  const std::int64_t begin = now_ns();
  pool.connect_all(
      run.options.handshakes,
      [](void* c, std::size_t ready) {
        auto& [progress, all] = *static_cast<Context*>(c);
        progress.show(double(ready) / all);
      },
      &context);
  run.progress.clear();
  return now_ns() - begin;
}

void report_cpu(Run& run, const CpuSample& spent, std::uint64_t count, std::string_view one) {
  Figures& figures = run.report.figures();
  const double wall = double(spent.wall_ns);
  const double each = count == 0 ? 0 : 1 / double(count);
  const std::int64_t beside = spent.machine_ns - spent.generator_ns;
  const std::int64_t neighbour = std::max<std::int64_t>(0, beside - spent.server_ns);
  figures.add("measured_s", wall / 1e9);
  if (run.machine.has_servers()) {
    figures.add("server_cpu_ns", spent.server_ns);
    figures.add("server_cpu_share", double(spent.server_ns) / wall);
    figures.add(fmt::format("server_cpu_ns_per_{}", one), double(spent.server_ns) * each);
    figures.add("neighbour_ns", neighbour);
    figures.add("neighbour_share", double(neighbour) / wall);
    run.report.say(fmt::format("  {:<15} {} a {}, {:.2f} of a core", "server CPU",
                               say_time(double(spent.server_ns) * each), one,
                               double(spent.server_ns) / wall));
  }
  figures.add("machine_busy_ns", spent.machine_ns);
  figures.add("machine_tasks_ns", spent.tasks_ns);
  figures.add("machine_steal_ns", spent.steal_ns);
  figures.add("machine_cpu_ns", beside);
  figures.add(fmt::format("machine_cpu_ns_per_{}", one), double(beside) * each);
  if (run.options.server_core >= 0) figures.add("server_core_busy_ns", spent.server_core_ns);
  figures.add("generator_cpu_ns", spent.generator_ns);
  figures.add("generator_cpu_share", double(spent.generator_ns) / wall);
  run.report.say(fmt::format("  {:<15} {} a {} beside the generator", "machine CPU",
                             say_time(double(beside) * each), one));
  run.report.say(fmt::format(
      "  {:<15} {:.2f} of a core{}", "generator", double(spent.generator_ns) / wall,
      double(spent.generator_ns) / wall > 0.95 ? ": it, not the server, may be the limit here"
                                               : ""));
}

void report_memory(Run& run, const MemorySample& before, const MemorySample& after,
                   std::size_t connections) {
  Figures& figures = run.report.figures();
  const double all = double(connections);
  const auto each = [&](std::int64_t MemorySample::*field) {
    return double(after.*field - before.*field) / all;
  };
  figures.add("connections", std::uint64_t{connections});
  if (run.machine.has_servers()) {
    figures.add("server_rss_bytes_before", before.server_rss_bytes);
    figures.add("server_rss_bytes_after", after.server_rss_bytes);
    figures.add("server_bytes_per_connection", each(&MemorySample::server_rss_bytes));
    if (before.server_anonymous_bytes && after.server_anonymous_bytes) {
      figures.add("server_anonymous_bytes_per_connection",
                  double(*after.server_anonymous_bytes - *before.server_anonymous_bytes) / all);
    }
    run.report.say(fmt::format("  {:<15} {} a connection in user space", "server memory",
                               say_bytes(each(&MemorySample::server_rss_bytes))));
  }
  figures.add("generator_bytes_per_connection", each(&MemorySample::generator_rss_bytes));
  // Both ends are on this machine.
  const double slab = each(&MemorySample::slab_bytes) / 2;
  const double tcp = each(&MemorySample::tcp_bytes) / 2;
  figures.add("kernel_slab_bytes_per_end", slab);
  figures.add("kernel_tcp_buffer_bytes_per_end", tcp);
  run.report.say(fmt::format("  {:<15} {} an end in kernel objects, {} in buffers", "kernel memory",
                             say_bytes(slab), say_bytes(tcp)));
}

// --- The window ----------------------------------------------------------------------------------

Window::Window(Run& run, std::string_view unit, const Histogram& latency)
    : run_(run),
      unit_(unit),
      running_latency_(latency),
      created_ns_(now_ns()),
      messages_max_(kNoLimit) {
  run_.progress.start(name_of(run.options.mode));
}

bool Window::go_on(std::uint64_t count, std::uint64_t messages, std::int64_t now) {
  const Options& options = run_.options;
  if (!is_measuring_) {
    if (double(now - created_ns_) / 1e9 < options.warmup_s) return true;
    begin(count, messages, now);
    return true;
  }
  const double passed_s = double(now - begin_ns_) / 1e9;
  const bool by_count = options.messages > 0;
  run_.progress.show(by_count ? 1 - double(messages_max_ - messages) / double(options.messages)
                              : passed_s / options.duration_s,
                     fmt::format("{} {}", say_number(double(count - first_count_)), unit_));
  if (now - row_ns_ >= kSecond_ns) add_row(count, now);
  if (by_count ? messages < messages_max_ : passed_s < options.duration_s) return true;
  end(count);
  return false;
}

void Window::begin(std::uint64_t count, std::uint64_t messages, std::int64_t now) {
  is_measuring_ = true;
  if (run_.options.messages > 0) messages_max_ = messages + run_.options.messages;
  first_count_ = row_count_ = count;
  first_latency_ = row_latency_ = running_latency_;
  begin_ns_ = row_ns_ = now;
  first_memory_ = run_.machine.read_memory();
  first_cpu_ = row_cpu_ = run_.machine.read_cpu();
}

void Window::end(std::uint64_t count) {
  spent_ = run_.machine.read_cpu() - first_cpu_;
  const MemorySample memory = run_.machine.read_memory();
  growth_.server_rss_bytes = memory.server_rss_bytes - first_memory_.server_rss_bytes;
  growth_.tcp_bytes = memory.tcp_bytes - first_memory_.tcp_bytes;
  growth_.slab_bytes = memory.slab_bytes - first_memory_.slab_bytes;
  count_ = count - first_count_;
  latency_ = running_latency_.since(first_latency_);
  run_.progress.clear();
}

void Window::add_row(std::uint64_t count, std::int64_t now) {
  if (run_.options.series) {
    const CpuSample cpu = run_.machine.read_cpu();
    const CpuSample spent = cpu - row_cpu_;
    const Histogram latency = running_latency_.since(row_latency_);
    const double wall_s = double(now - row_ns_) / 1e9;
    Figures row;
    row.add("at_s", double(now - begin_ns_) / 1e9);
    row.add("per_s", double(count - row_count_) / wall_s);
    row.add("latency_p50_us", latency.quantile_ns(0.5) / 1e3);
    row.add("latency_p99_us", latency.quantile_ns(0.99) / 1e3);
    row.add("server_cpu_share", double(spent.server_ns) / double(spent.wall_ns));
    row.add("generator_cpu_share", double(spent.generator_ns) / double(spent.wall_ns));
    row.add("server_rss_bytes", run_.machine.read_memory().server_rss_bytes);
    run_.report.add_row(row);
    row_cpu_ = cpu;
    row_latency_ = running_latency_;
  }
  row_count_ = count;
  row_ns_ = now;
}

}  // namespace load
