// SPDX-License-Identifier: Apache-2.0
#include "town.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <deque>
#include <limits>
#include <memory>
#include <sstream>
#include <vector>

#include "clock.h"
#include "failure.h"
#include "limits.h"
#include "machine.h"
#include "process.h"

namespace million {
namespace {

using load::Failure;
using load::kMillisecond_ns;
using load::kSecond_ns;
using load::now_ns;
using load::say_bytes;
using load::say_number;
using load::say_time;

// What a process has open beside its connections.
constexpr std::size_t kOtherFiles = 100;
constexpr std::size_t kHandshakes = 1024;
constexpr std::int64_t kReceive_ns = 90 * kSecond_ns;
// The kernel frees what it freed late; nobody needs to know what it is about to free.
constexpr int kSettleSteps = 15;

struct Client {
  std::unique_ptr<load::Process> process;
  std::size_t size = 0;
  std::size_t connected = 0;
  bool has_entered = false;
  bool has_received = false;
};

// What all clients together have received.
struct Receipts {
  std::int64_t first_published_ns = std::numeric_limits<std::int64_t>::max();
  std::int64_t last_received_ns = 0;
  std::uint64_t delivered = 0, lost = 0, wrong = 0, damaged = 0;
  double p99_ns = 0;
};

// What the questions for the count have shown.
struct Counts {
  std::uint64_t asked = 0, wrong = 0;
  std::uint64_t span_max = 0;  // between the least and the most that would have been right
  double answer_max_ns = 0;
};

class Town {
 public:
  Town(const TownOptions& options, load::Report& report, load::Progress& progress)
      : options_(options), report_(report), progress_(progress) {}

  void run();

 private:
  void plan();
  void start_servers();
  void start_clients();
  // Hears all clients until `is_done` of each of them.
  void hear_until(bool Client::*is_done, std::int64_t deadline_ns, std::string_view what);
  void hear(Client& client, const std::string& line);
  std::size_t count_connected() const;
  void report_entry(std::int64_t took_ns);
  void report_memory(const load::Machine& servers, const load::Machine& clients);
  void report_receipts();
  void report_counts();

  const TownOptions& options_;
  load::Report& report_;
  load::Progress& progress_;
  Limits limits_;
  std::size_t per_process_ = 0;
  std::vector<load::ServerProcess> servers_;
  std::deque<Client> clients_;
  Receipts receipts_;
  Counts counts_;
  double entry_p99_ns_ = 0;
  load::MemorySample servers_before_;
};

void Town::plan() {
  limits_ = raise_limits(options_.connections);
  report_.say("limits");
  for (const std::string& line : limits_.lines)
    report_.say("  " + line);
  if (!limits_.for_good.empty()) {
    report_.say("  to raise them for good, in a file of /etc/sysctl.d:");
    for (const std::string& line : limits_.for_good)
      report_.say("    " + line);
  }
  if (limits_.files_per_process <= 2 * kOtherFiles) {
    throw Failure("a process may hold too few files here to begin with: see ulimit -n");
  }
  per_process_ = limits_.files_per_process - kOtherFiles;
  if (options_.per_process_max > 0) {
    per_process_ = std::min(per_process_, options_.per_process_max);
  }
  const std::size_t processes = (options_.connections + per_process_ - 1) / per_process_;
  report_.say(fmt::format(
      "  {} connections, {} at most a process: {} servers with a room each, "
      "and as many clients",
      say_number(double(options_.connections)), say_number(double(per_process_)), processes));
  report_.figures().add("connections", std::uint64_t{options_.connections});
  report_.figures().add("files_per_process", std::uint64_t{limits_.files_per_process});
  report_.figures().add("servers", std::uint64_t{processes});
  require_memory(options_.connections);
}

void Town::start_servers() {
  const std::size_t count = (options_.connections + per_process_ - 1) / per_process_;
  std::uint16_t below = limits_.outgoing_ports.first;
  progress_.start("servers");
  while (servers_.size() < count) {
    servers_.push_back(load::start_server(options_.server_binary, options_.server_options, below));
    below = servers_.back().port;
    progress_.show(double(servers_.size()) / double(count));
  }
}

void Town::start_clients() {
  // So few handshakes are under way in all that those who are in are not kept from their pongs.
  const std::size_t handshakes = std::clamp<std::size_t>(kHandshakes / servers_.size(), 8, 256);
  // Every client connects from addresses of its own, so that ports suffice.
  const std::size_t addresses = per_process_ / 20'000 + 4;
  for (std::size_t i = 0; i < servers_.size(); ++i) {
    Client& client = clients_.emplace_back();
    client.size =
        options_.connections / servers_.size() + (i < options_.connections % servers_.size());
    client.process = std::make_unique<load::Process>(std::vector<std::string>{
        "/proc/self/exe", "client", "--server", fmt::format("127.0.0.1:{}", servers_[i].port),
        "--connections", std::to_string(client.size), "--first-source",
        std::to_string((1 << 16) + i * addresses), "--handshakes", std::to_string(handshakes),
        "--ramp", fmt::format("{}", options_.ramp_s)});
  }
}

void Town::hear(Client& client, const std::string& line) {
  std::istringstream words(line);
  std::string what;
  words >> what;
  if (what == "connected") {
    words >> client.connected;
  } else if (what == "entered") {
    double took_ns = 0, p50_ns = 0, p99_ns = 0;
    words >> took_ns >> p50_ns >> p99_ns;
    entry_p99_ns_ = std::max(entry_p99_ns_, p99_ns);
    client.has_entered = true;
  } else if (what == "count") {
    std::uint64_t count = 0, least = 0, most = 0;
    double took_ns = 0;
    words >> count >> least >> most >> took_ns;
    ++counts_.asked;
    counts_.wrong += count < least || count > most;
    counts_.span_max = std::max(counts_.span_max, most - least);
    counts_.answer_max_ns = std::max(counts_.answer_max_ns, took_ns);
  } else if (what == "received") {
    std::int64_t begin = 0, last = 0;
    std::uint64_t delivered = 0, lost = 0, wrong = 0, damaged = 0;
    double p50_ns = 0, p99_ns = 0;
    words >> begin >> last >> delivered >> lost >> wrong >> damaged >> p50_ns >> p99_ns;
    receipts_.first_published_ns = std::min(receipts_.first_published_ns, begin);
    receipts_.last_received_ns = std::max(receipts_.last_received_ns, last);
    receipts_.delivered += delivered;
    receipts_.lost += lost;
    receipts_.wrong += wrong;
    receipts_.damaged += damaged;
    receipts_.p99_ns = std::max(receipts_.p99_ns, p99_ns);
    client.has_received = true;
  } else if (what == "failed") {
    throw Failure(fmt::format("with {} connected a client says: {}", count_connected(),
                              line.substr(std::min<std::size_t>(line.size(), 7))));
  }
}

std::size_t Town::count_connected() const {
  std::size_t connected = 0;
  for (const Client& client : clients_)
    connected += client.connected;
  return connected;
}

void Town::hear_until(bool Client::*is_done, std::int64_t deadline_ns, std::string_view what) {
  progress_.start(what);
  while (true) {
    std::size_t done = 0;
    for (Client& client : clients_) {
      const bool has_ended = client.process->has_ended();
      while (const auto line = client.process->hear())
        hear(client, *line);
      if (has_ended) throw Failure("a client process is gone");
      done += client.*is_done;
    }
    for (const load::ServerProcess& server : servers_) {
      if (server.process->has_ended()) throw Failure("a server process is gone");
    }
    if (done == clients_.size()) break;
    require_memory_left();
    if (now_ns() > deadline_ns) throw Failure(fmt::format("{}: it takes too long", what));
    const auto connected = double(count_connected());
    progress_.show(connected / double(options_.connections),
                   fmt::format("{} connected, {:.1f} GB of memory left", say_number(connected),
                               double(load::read_available_memory_bytes()) / 1e9));
    ::usleep(20'000);
  }
  progress_.clear();
}

void Town::run() {
  plan();
  start_servers();
  std::vector<pid_t> server_pids;
  for (const load::ServerProcess& server : servers_)
    server_pids.push_back(server.process->pid());
  const load::Machine servers(server_pids);
  servers_before_ = servers.read_memory();

  const std::int64_t begin = now_ns();
  start_clients();
  // A machine that lets in fewer than a thousand a second is not what this is for.
  const std::int64_t entry_ns = static_cast<std::int64_t>(
      (60 + options_.ramp_s) * 1e9 + double(options_.connections) * double(kMillisecond_ns));
  hear_until(&Client::has_entered, begin + entry_ns, "entering");
  report_entry(now_ns() - begin);
  if (options_.ramp_s > 0) report_counts();

  progress_.start("settling");
  for (int i = 0; i < kSettleSteps; ++i) {
    progress_.show(double(i) / kSettleSteps);
    ::usleep(100'000);
  }
  std::vector<pid_t> client_pids;
  for (const Client& client : clients_)
    client_pids.push_back(client.process->pid());
  report_memory(servers, load::Machine(client_pids));

  const std::int64_t at = now_ns() + kSecond_ns / 2;
  for (Client& client : clients_)
    client.process->tell(fmt::format("publish {}", at));
  hear_until(&Client::has_received, at + kReceive_ns, "publishing");
  report_receipts();
}

void Town::report_entry(std::int64_t took_ns) {
  const double per_s = double(options_.connections) / (double(took_ns) / 1e9);
  report_.figures().add("enter_s", double(took_ns) / 1e9);
  report_.figures().add("enters_per_s", per_s);
  report_.figures().add("enter_p99_us", entry_p99_ns_ / 1e3);
  report_.say(fmt::format("entered: {} in {}, {} a second, p99 {} each",
                          say_number(double(options_.connections)), say_time(double(took_ns)),
                          say_number(per_s), say_time(entry_p99_ns_)));
  // A steady stream must not have been a queue.
  if (options_.ramp_s > 0 && double(took_ns) / 1e9 > options_.ramp_s + 3) {
    report_.fail(fmt::format("entering took {:.1f} s where {:.1f} were to be enough",
                             double(took_ns) / 1e9, options_.ramp_s));
  }
}

void Town::report_counts() {
  report_.figures().add("counts_asked", counts_.asked);
  report_.figures().add("counts_wrong", counts_.wrong);
  report_.figures().add("count_span_max", counts_.span_max);
  report_.figures().add("count_answer_max_us", counts_.answer_max_ns / 1e3);
  report_.say(
      fmt::format("counted: {} times, {} wrong; an answer took {} at most, while {} came "
                  "in",
                  counts_.asked, counts_.wrong, say_time(counts_.answer_max_ns), counts_.span_max));
  if (counts_.wrong > 0) report_.fail(fmt::format("{} counts were wrong", counts_.wrong));
}

void Town::report_memory(const load::Machine& servers, const load::Machine& clients) {
  const double all = double(options_.connections);
  const load::MemorySample after = servers.read_memory();
  const double server = double(after.server_rss_bytes - servers_before_.server_rss_bytes) / all;
  const double client = double(clients.read_memory().server_rss_bytes) / all;
  const double slab = double(after.slab_bytes - servers_before_.slab_bytes) / all / 2;
  const double tcp = double(after.tcp_bytes - servers_before_.tcp_bytes) / all / 2;
  load::Figures& figures = report_.figures();
  figures.add("server_bytes_per_connection", server);
  figures.add("client_bytes_per_connection", client);
  figures.add("kernel_slab_bytes_per_end", slab);
  figures.add("kernel_tcp_buffer_bytes_per_end", tcp);
  figures.add("server_rss_bytes", after.server_rss_bytes);
  figures.add("memory_available_bytes", load::read_available_memory_bytes());
  report_.say(
      fmt::format("memory: {} a connection in the server, {} in the client (its program "
                  "counted in), {} an end in the kernel and {} of buffers; {} are left",
                  say_bytes(server), say_bytes(client), say_bytes(slab), say_bytes(tcp),
                  say_bytes(double(load::read_available_memory_bytes()))));
}

void Town::report_receipts() {
  const double took_ns = double(receipts_.last_received_ns - receipts_.first_published_ns);
  load::Figures& figures = report_.figures();
  figures.add("published", std::uint64_t{servers_.size()});
  figures.add("received", receipts_.delivered);
  figures.add("last_received_us", took_ns / 1e3);
  figures.add("latency_p99_us", receipts_.p99_ns / 1e3);
  figures.add("lost", receipts_.lost);
  figures.add("duplicated_or_misdelivered", receipts_.wrong);
  figures.add("damaged", receipts_.damaged);
  report_.say(
      fmt::format("published: one message to each of {} rooms; the last of {} had it "
                  "after {}; {} lost, {} too many or wrong",
                  servers_.size(), say_number(double(receipts_.delivered)), say_time(took_ns),
                  receipts_.lost, receipts_.wrong));
  const bool is_exact = receipts_.delivered == options_.connections && receipts_.lost == 0 &&
                        receipts_.wrong == 0 && receipts_.damaged == 0;
  if (!is_exact) {
    report_.fail(
        fmt::format("not everybody received exactly what was published: {} of {} did, "
                    "{} lost, {} too many or wrong, {} damaged",
                    receipts_.delivered, options_.connections, receipts_.lost, receipts_.wrong,
                    receipts_.damaged));
  }
}

}  // namespace

void run_town(const TownOptions& options, load::Report& report, load::Progress& progress) {
  Town(options, report, progress).run();
}

}  // namespace million
