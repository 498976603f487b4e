// SPDX-License-Identifier: Apache-2.0

// Each connection sends a message, waits until it is back, and sends the next.
#include <fmt/format.h>

#include <string>
#include <vector>

#include "clock.h"
#include "failure.h"
#include "histogram.h"
#include "run.h"

namespace load {
namespace {

class Echo : public Listener {
 public:
  explicit Echo(Run& run)
      : run_(run),
        codec_(make_codec(run.options, false)),
        pool_(make_pool_options(run.options, codec_.get(), this)),
        sent_ns_(run.options.connections) {
    require_files(run.options.connections);
    for (std::uint32_t i = 0; i < run.options.connections; ++i)
      pool_.add(i, 0);
  }

  void work() {
    connect_all(run_, pool_);
    for (std::size_t i = 0; i < pool_.size(); ++i)
      ask(pool_[i], now_ns());
    Window window(run_, "rounds", latency_);
    std::uint64_t rounds = 0;
    std::int64_t last_ns = now_ns();
    for (std::int64_t now = last_ns; window.go_on(rounds_, rounds_, now); now = now_ns()) {
      pool_.poll(100 * kMillisecond_ns);
      if (rounds_ != rounds) last_ns = now;
      rounds = rounds_;
      if (now - last_ns > 10 * kSecond_ns) throw Failure("for 10 s nothing has come back");
    }
    report(window);
  }

  void on_messages(Connection& connection, const Mark* marks, std::size_t count,
                   std::int64_t now_ns) override {
    for (std::size_t i = 0; i < count; ++i) {
      if (marks[i] != Mark{connection.room, connection.next}) {
        ++wrong_;
        continue;
      }
      ++rounds_;
      ++connection.next;
      latency_.record(now_ns - sent_ns_[connection.index]);
      ask(connection, load::now_ns());
    }
  }

 private:
  void ask(Connection& connection, std::int64_t now) {
    frame_.clear();
    codec_->append_echo(connection.room, connection.next, &frame_);
    sent_ns_[connection.index] = now;
    pool_.send(connection, frame_);
  }

  void report(const Window& window) {
    Report& report = run_.report;
    const double per_s = double(window.count()) / window.seconds();
    report.figures().add("rounds", window.count());
    report.figures().add("rounds_per_s", per_s);
    report.figures().add("connections", run_.options.connections);
    report.say(fmt::format("  {:<15} {} a second", "echoes", say_number(per_s)));
    report.add_latency("latency", window.latency());
    report_cpu(run_, window.spent(), window.count(), "round");
    report.figures().add("misdelivered", wrong_);
    report.figures().add("damaged", pool_.damaged());
    if (wrong_ > 0) report.fail(fmt::format("{} echoes were not what was sent", wrong_));
    if (pool_.damaged() > 0) report.fail(fmt::format("{} echoes were damaged", pool_.damaged()));
    if (window.count() == 0) report.fail("nothing came back in the measured time");
  }

  Run& run_;
  const std::unique_ptr<Codec> codec_;
  Pool pool_;
  std::vector<std::int64_t> sent_ns_;
  Histogram latency_;
  std::uint64_t rounds_ = 0;
  std::uint64_t wrong_ = 0;
  std::string frame_;
};

}  // namespace

void run_echo(Run& run) { Echo(run).work(); }

}  // namespace load
