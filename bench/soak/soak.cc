// SPDX-License-Identifier: Apache-2.0
#include "soak.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <vector>

#include "clock.h"
#include "drift.h"
#include "failure.h"
#include "followers.h"
#include "ledger.h"
#include "machine.h"
#include "pool.h"
#include "process.h"

namespace soak {
namespace {

using load::Connection;
using load::Failure;
using load::kMillisecond_ns;
using load::kSecond_ns;
using load::Mark;
using load::now_ns;
using load::say_bytes;
using load::say_number;

constexpr std::size_t kWindow = 16'384;
// What a room of bench/server keeps. Until that many were published its memory grows as it should.
constexpr std::uint32_t kHistory = 10'000;
constexpr std::uint32_t kFillAtOnce = 64;
constexpr std::int64_t kPatience_ns = 20 * kSecond_ns;
constexpr std::size_t kSamples = 120;

std::uint16_t first_outgoing_port() {
  std::uint16_t port = 32'768;
  std::ifstream("/proc/sys/net/ipv4/ip_local_port_range") >> port;
  return port;
}

load::PoolOptions make_pool_options(std::uint16_t port, load::Codec* codec,
                                    load::Listener* listener) {
  load::PoolOptions options;
  options.server.sin_family = AF_INET;
  options.server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  options.server.sin_port = htons(port);
  options.codec = codec;
  options.listener = listener;
  options.source_addresses = 16;
  return options;
}

struct Samples {
  std::vector<double> rss_bytes, files, p99_us;
};

class Soak : public load::Listener {
 public:
  Soak(const SoakOptions& options, load::Report& report, load::Progress& progress)
      : options_(options),
        report_(report),
        progress_(progress),
        server_(load::start_server(options.server_binary, options.server_options,
                                   first_outgoing_port())),
        codec_(load::make_centrifuge_codec("/connection/websocket", {},
                                           {"soak-", load::make_message(128, false)})),
        ledger_(std::vector<std::uint32_t>(options.rooms, options.members), kWindow),
        pool_(make_pool_options(server_.port, codec_.get(), this)),
        followers_(pool_, ledger_, *codec_, options.seed) {}

  void run();

  void on_ready(Connection& connection, std::int64_t now) override;
  void on_messages(Connection& connection, const Mark* marks, std::size_t count,
                   std::int64_t now) override;
  void on_reply_text(Connection& connection, std::string_view text) override;
  void on_closed(Connection& connection, const load::Closing& closing) override;

 private:
  void let_members_in();
  void fill_history();
  void publish(std::uint32_t room, std::uint32_t count, std::int64_t time_ns);
  void work();
  void leak(std::int64_t now);
  void take_sample();
  void finish();
  void judge(std::string_view what, const Drift& drift, std::string_view unit);

  const SoakOptions& options_;
  load::Report& report_;
  load::Progress& progress_;
  load::ServerProcess server_;
  const std::unique_ptr<load::Codec> codec_;
  load::Ledger ledger_;
  load::Pool pool_;
  Followers followers_;
  Samples samples_;
  load::Histogram filling_latency_;
  load::Histogram sampled_latency_;
  std::uint32_t members_in_ = 0;
  std::uint32_t members_all_ = 0;
  std::size_t leaked_ = 0;
  std::int64_t began_ns_ = 0;
  std::string frames_;
};

void Soak::run() {
  let_members_in();
  fill_history();
  for (std::uint32_t i = 0; i < options_.roaming; ++i)
    followers_.add(i % options_.rooms, Habit::kRoam);
  for (std::uint32_t i = 0; i < options_.pausing; ++i)
    followers_.add(i % options_.rooms, Habit::kPause);
  for (std::uint32_t i = 0; i < options_.returning; ++i)
    followers_.add(i % options_.rooms, Habit::kReturn);
  work();
  finish();
}

void Soak::let_members_in() {
  for (std::uint32_t room = 0; room < options_.rooms; ++room) {
    for (std::uint32_t i = 0; i < options_.members; ++i)
      pool_.add(room, i).is_publisher = i == 0;
  }
  members_all_ = options_.rooms * options_.members;
  pool_.connect_all(64, nullptr, nullptr);
  const std::int64_t deadline = now_ns() + kPatience_ns;
  while (members_in_ < members_all_) {
    if (now_ns() > deadline) throw Failure("the members do not get into their rooms");
    pool_.poll(10 * kMillisecond_ns);
  }
}

void Soak::publish(std::uint32_t room, std::uint32_t count, std::int64_t time_ns) {
  const std::uint32_t first = ledger_.published_in(room);
  for (std::uint32_t i = 0; i < count; ++i)
    ledger_.publish(room, time_ns);
  frames_.clear();
  codec_->append_publishes(room, first, count, &frames_);
  pool_.send(pool_[room * options_.members], frames_);
}

void Soak::fill_history() {
  progress_.start("filling");
  for (std::uint32_t done = 0; done < kHistory; done += kFillAtOnce) {
    for (std::uint32_t room = 0; room < options_.rooms; ++room)
      publish(room, kFillAtOnce, now_ns());
    const std::int64_t deadline = now_ns() + kPatience_ns;
    while (ledger_.outstanding() > 0) {
      if (now_ns() > deadline) throw Failure("the history can not be filled");
      pool_.poll(10 * kMillisecond_ns);
    }
    progress_.show(double(done) / kHistory);
  }
  sampled_latency_ = filling_latency_ = ledger_.latency();
}

void Soak::work() {
  const std::uint64_t published_before = ledger_.published();
  const double interval_ns = 1e9 / options_.rate;
  const auto duration_ns = static_cast<std::int64_t>(options_.duration_s * 1e9);
  const std::int64_t sample_ns =
      std::max<std::int64_t>(kSecond_ns / 2, duration_ns / std::int64_t{kSamples});
  began_ns_ = now_ns();
  std::int64_t next_sample_ns = began_ns_ + sample_ns;
  followers_.start(began_ns_);
  progress_.start("soaking");
  for (std::int64_t now = began_ns_; now < began_ns_ + duration_ns; now = now_ns()) {
    const std::uint64_t published = ledger_.published() - published_before;
    const auto due = static_cast<std::uint64_t>(double(now - began_ns_) / interval_ns);
    for (std::uint64_t i = published; i < due; ++i) {
      const auto room = static_cast<std::uint32_t>(i % options_.rooms);
      if (!ledger_.has_space(room)) throw Failure("the server is far behind");
      publish(room, 1, began_ns_ + static_cast<std::int64_t>(double(i) * interval_ns));
    }
    followers_.act(now);
    leak(now);
    if (now >= next_sample_ns) {
      take_sample();
      next_sample_ns += sample_ns;
      progress_.show(double(now - began_ns_) / double(duration_ns),
                     fmt::format("{} in the server, p99 {:.0f} µs",
                                 say_bytes(samples_.rss_bytes.back()), samples_.p99_us.back()));
    }
    if (server_.process->has_ended()) throw Failure("the server is gone");
    pool_.poll(5 * kMillisecond_ns);
  }
  progress_.clear();
}

void Soak::leak(std::int64_t now) {
  const double passed_s = double(now - began_ns_) / 1e9;
  while (double(leaked_) < passed_s * options_.leaks_per_s) {
    ++leaked_;
    pool_.connect(pool_.add(0, 0));
  }
}

void Soak::take_sample() {
  const pid_t pid = server_.process->pid();
  // The followers' coming and going is no leak. Those that leak on purpose are not subtracted.
  const std::size_t known = pool_.ready() + pool_.opening() - leaked_;
  samples_.rss_bytes.push_back(double(load::read_process_rss_bytes(pid)));
  samples_.files.push_back(double(load::count_process_files(pid)) - double(known));
  const load::Histogram since = ledger_.latency().since(sampled_latency_);
  if (since.count() > 0) samples_.p99_us.push_back(since.quantile_ns(0.99) / 1e3);
  if (samples_.p99_us.empty()) throw Failure("nobody has received anything");
  sampled_latency_ = ledger_.latency();
  load::Figures row;
  row.add("at_s", double(now_ns() - began_ns_) / 1e9);
  row.add("server_rss_bytes", samples_.rss_bytes.back());
  row.add("server_files_beside_connections", samples_.files.back());
  row.add("latency_p99_us", samples_.p99_us.back());
  report_.add_row(row);
}

void Soak::judge(std::string_view what, const Drift& drift, std::string_view unit) {
  report_.figures().add(fmt::format("{}_median", what), drift.median);
  report_.figures().add(fmt::format("{}_growth", what), drift.growth);
  report_.say(fmt::format("  {:<12} {} {}, grew by {} in the second half{}", what,
                          say_number(drift.median), unit, say_number(drift.growth),
                          drift.is_drift ? ": it drifts" : ""));
  if (drift.is_drift) {
    report_.fail(fmt::format("{} drifts: from about {} {} by {} in the second half", what,
                             say_number(drift.median), unit, say_number(drift.growth)));
  }
}

void Soak::finish() {
  followers_.gather();
  const std::int64_t deadline = now_ns() + kPatience_ns;
  while ((ledger_.outstanding() > 0 || followers_.count_behind() > 0) && now_ns() < deadline)
    pool_.poll(10 * kMillisecond_ns);
  for (std::size_t i = 0; i < members_all_; ++i)
    ledger_.close_account(pool_[i]);

  const FollowerCounts& counts = followers_.counts();
  const load::Faults& faults = ledger_.faults();
  report_.say(fmt::format("soak: {:.0f} s, {} messages a second in {} rooms", options_.duration_s,
                          options_.rate, options_.rooms));
  report_.add_latency("latency", ledger_.latency().since(filling_latency_));
  judge("memory", find_drift(samples_.rss_bytes, kMemory), "bytes");
  judge("files", find_drift(samples_.files, kFiles), "beside connections");
  judge("p99", find_drift(samples_.p99_us, kLatency_us), "µs");
  report_.say(fmt::format(
      "  followers    {} joins, {} recoveries, {} not recovered, {} pauses, {} closed as slow; "
      "{} messages, {} missed or wrong, {} behind at the end",
      counts.joins, counts.recoveries, counts.not_recovered, counts.pauses, counts.closed_slow,
      say_number(double(counts.received)), counts.faults, followers_.count_behind()));
  load::Figures& figures = report_.figures();
  figures.add("samples", std::uint64_t{samples_.rss_bytes.size()});
  figures.add("published", ledger_.published());
  figures.add("received", ledger_.delivered() + counts.received);
  figures.add("faults", faults.all() + counts.faults);
  figures.add("joins", counts.joins);
  figures.add("recoveries", counts.recoveries);
  figures.add("not_recovered", counts.not_recovered);
  figures.add("pauses", counts.pauses);
  figures.add("closed_slow", counts.closed_slow);
  if (faults.all() + counts.faults > 0) {
    report_.fail(
        fmt::format("{} messages were lost, doubled or wrong for members, {} for those "
                    "who come and go",
                    faults.all(), counts.faults));
  }
  if (counts.not_recovered > 0) {
    report_.fail(
        fmt::format("{} came back and did not get what they had missed, though the "
                    "history has it",
                    counts.not_recovered));
  }
  if (followers_.count_behind() > 0) {
    report_.fail(fmt::format("{} have not caught up in the end", followers_.count_behind()));
  }
  if (pool_.damaged() > 0) report_.fail("messages were damaged");
}

// --- What the pool tells -------------------------------------------------------------------------

void Soak::on_ready(Connection& connection, std::int64_t) {
  if (followers_.owns(connection)) return followers_.on_ready(connection);
  if (connection.index >= members_all_) return;  // leaked
  pool_.send_text(connection, fmt::format(R"({{"id":2,"subscribe":{{"channel":"{}"}}}})",
                                          codec_->room_name(connection.room)));
}

void Soak::on_messages(Connection& connection, const Mark* marks, std::size_t count,
                       std::int64_t now) {
  if (followers_.owns(connection)) return followers_.on_messages(connection, marks, count);
  ledger_.receive(connection, marks, count, now);
}

void Soak::on_reply_text(Connection& connection, std::string_view text) {
  if (followers_.owns(connection)) return followers_.on_reply_text(connection, text);
  members_in_ += connection.index < members_all_ && text.starts_with(R"({"id":2,)");
}

void Soak::on_closed(Connection& connection, const load::Closing& closing) {
  if (!followers_.owns(connection) || !connection.is_slow) {
    return Listener::on_closed(connection, closing);
  }
  followers_.on_closed(connection, now_ns());
}

}  // namespace

void run_soak(const SoakOptions& options, load::Report& report, load::Progress& progress) {
  load::raise_files_limit();
  Soak(options, report, progress).run();
}

}  // namespace soak
