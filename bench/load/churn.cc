// SPDX-License-Identifier: Apache-2.0

// Clients that stay connected and go in and out of a room: as fast as it goes, with --in-flight
// joins and leaves under way, or --rate of them a second whatever is answered.
#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <string>
#include <vector>

#include "clock.h"
#include "failure.h"
#include "histogram.h"
#include "run.h"

namespace load {
namespace {

class Churn : public Listener {
 public:
  explicit Churn(Run& run)
      : run_(run),
        codec_(make_codec(run.options, false)),
        pool_(make_pool_options(run.options, codec_.get(), this)),
        clients_(std::size_t{run.options.rooms} * run.options.members) {
    require_files(clients_.size());
    for (std::uint32_t room = 0; room < run.options.rooms; ++room) {
      for (std::uint32_t i = 0; i < run.options.members; ++i)
        resting_.push_back(pool_.add(room, i).index);
    }
  }

  void work() {
    connect_all(run_, pool_);
    start_ns_ = now_ns();
    Window window(run_, "joins and leaves", latency_);
    std::uint64_t answered = 0;
    std::int64_t last_ns = start_ns_;
    for (std::int64_t now = start_ns_; window.go_on(answered_, answered_, now); now = now_ns()) {
      pool_.poll(ask_what_is_due(now));
      if (answered_ != answered || asked_ == answered_) last_ns = now;
      answered = answered_;
      if (now - last_ns > 10 * kSecond_ns) throw Failure("for 10 s nothing was answered");
    }
    report(window);
  }

  void on_messages(Connection&, const Mark*, std::size_t, std::int64_t) override {
    throw Failure("a message came, and nobody had published one");
  }

  void on_word(Connection& connection, const Word& word, std::int64_t now_ns) override {
    Listener::on_word(connection, word, now_ns);
    Client& client = clients_[connection.index];
    if (word.kind != Word::Kind::kReply) return;
    if (word.id != client.id) {
      throw Failure(fmt::format("command {} was answered where {} was asked", word.id, client.id));
    }
    client.id = 0;
    client.is_inside = !client.is_inside;
    ++answered_;
    latency_.record(now_ns - client.due_ns);
    resting_.push_back(connection.index);
  }

 private:
  struct Client {
    std::uint32_t id = 0;  // of the command under way
    bool is_inside = false;
    std::int64_t due_ns = 0;
  };

  // Answers for how long nothing more is due.
  std::int64_t ask_what_is_due(std::int64_t now) {
    const double rate = run_.options.rate;
    if (rate == 0) {
      while (asked_ - answered_ < run_.options.in_flight && !resting_.empty())
        ask(now);
      return 100 * kMillisecond_ns;
    }
    const auto due_at = [&] {
      return start_ns_ + static_cast<std::int64_t>(double(asked_) * 1e9 / rate);
    };
    while (due_at() <= now && !resting_.empty())
      ask(due_at());
    return std::clamp<std::int64_t>(due_at() - now, 0, 100 * kMillisecond_ns);
  }

  void ask(std::int64_t due_ns) {
    Connection& connection = pool_[resting_.front()];
    resting_.pop_front();
    Client& client = clients_[connection.index];
    frame_.clear();
    client.due_ns = due_ns;
    client.id = client.is_inside ? codec_->append_leave(connection.room, &frame_)
                                 : codec_->append_join(connection.room, &frame_);
    ++asked_;
    pool_.send(connection, frame_);
  }

  void report(const Window& window) {
    Report& report = run_.report;
    const double per_s = double(window.count()) / window.seconds();
    report.figures().add("operations", window.count());
    report.figures().add("operations_per_s", per_s);
    report.say(fmt::format("  {:<15} {} a second", "joins + leaves", say_number(per_s)));
    report.add_latency("latency", window.latency());
    report_cpu(run_, window.spent(), window.count(), "operation");
    if (window.count() == 0) report.fail("nothing was answered in the measured time");
  }

  Run& run_;
  const std::unique_ptr<Codec> codec_;
  Pool pool_;
  std::vector<Client> clients_;        // by index in the pool
  std::deque<std::uint32_t> resting_;  // who waits to be told to go in or out
  std::int64_t start_ns_ = 0;
  Histogram latency_;
  std::uint64_t asked_ = 0;
  std::uint64_t answered_ = 0;
  std::string frame_;
};

}  // namespace

void run_churn(Run& run) { Churn(run).work(); }

}  // namespace load
