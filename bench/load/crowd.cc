// SPDX-License-Identifier: Apache-2.0
#include "crowd.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <bit>
#include <utility>

#include "clock.h"
#include "failure.h"

namespace load {
namespace {

constexpr std::int64_t kPatience_ns = 10 * kSecond_ns;
constexpr std::int64_t kSettleTime_ns = 300 * kMillisecond_ns;

// The slow are the last members of their rooms, as evenly as can be.
std::uint32_t slow_in_room(const Options& options, std::uint32_t room) {
  return options.slow / options.rooms + (room < options.slow % options.rooms);
}

std::vector<std::uint32_t> count_members(const Options& options) {
  std::vector<std::uint32_t> members;
  for (std::uint32_t room = 0; room < options.rooms; ++room) {
    const std::uint32_t slow = slow_in_room(options, room);
    // A room whose publisher is a member needs that one to read.
    if (slow >= options.members) throw Failure("a room has nobody but --slow members");
    members.push_back(options.members - slow);
  }
  return members;
}

}  // namespace

Crowd::Crowd(Run& run, std::size_t window)
    : run_(run),
      codec_(make_codec(run.options, true)),
      ledger_(count_members(run.options), std::bit_ceil(window)),
      pool_(std::make_unique<Pool>(make_pool_options(run.options, codec_.get(), this))) {
  const Options& options = run.options;
  const bool is_member =
      options.protocol == Protocol::kCentrifuge || (options.self && options.publish_path.empty());
  for (std::uint32_t room = 0; room < options.rooms; ++room) {
    const std::uint32_t slow = slow_in_room(options, room);
    publishers_.push_back(static_cast<std::uint32_t>(pool_->size()));
    for (std::uint32_t i = 0; i < options.members + !is_member; ++i) {
      Connection& connection = pool_->add(room, i);
      connection.is_publisher = i == 0;
      connection.is_member = i > 0 || is_member;
      connection.is_slow = i >= options.members + !is_member - slow;
    }
  }
  slow_.resize(pool_->size());
  require_files(pool_->size());
}

void Crowd::connect() {
  const MemorySample before = run_.machine.read_memory();
  const std::int64_t took_ns = connect_all(run_, *pool_);
  const std::int64_t settled = now_ns() + kSettleTime_ns;
  while (now_ns() < settled)
    pool_->poll(10 * kMillisecond_ns);
  run_.report.figures().add("connect_s", double(took_ns) / 1e9);
  report_memory(run_, before, run_.machine.read_memory(), pool_->size());
  for (std::size_t i = 0; i < pool_->size(); ++i) {
    if ((*pool_)[i].is_slow) pool_->pause((*pool_)[i]);
  }
}

std::size_t Crowd::publish(std::size_t count,
                           const std::function<std::int64_t(std::size_t)>& time_of) {
  // A room that has its second turn in this call has its numbers one after the other, so it is
  // enough to know the first one and how many there are now.
  batches_.clear();
  std::size_t done = 0;
  for (std::size_t tries = 0; done < count && tries < count + run_.options.rooms; ++tries) {
    const std::uint32_t room = next_room_;
    next_room_ = room + 1 == run_.options.rooms ? 0 : room + 1;
    if (!ledger_.has_space(room)) continue;
    const std::uint32_t sequence = ledger_.publish(room, time_of(done++));
    if (tries < run_.options.rooms) batches_.emplace_back(room, sequence);
  }
  for (const auto& [room, first] : batches_) {
    const std::uint32_t room_count = ledger_.published_in(room) - first;
    frames_.clear();
    codec_->append_publishes(room, first, room_count, &frames_);
    pool_->send(publisher_of(room), frames_);
  }
  return done;
}

// --- Traffic -------------------------------------------------------------------------------------

void Crowd::run_traffic(const std::function<std::int64_t(Window&)>& step) {
  Window window(run_, "deliveries", ledger_.latency());
  std::uint64_t completed = 0;
  std::int64_t last_completed_ns = now_ns();
  while (true) {
    const std::int64_t now = now_ns();
    if (!window.go_on(ledger_.delivered(), ledger_.completed(), now)) break;
    pool_->poll(step(window));
    if (ledger_.completed() != completed || ledger_.outstanding() == 0) {
      completed = ledger_.completed();
      last_completed_ns = now;
    }
    if (now - last_completed_ns > kPatience_ns) {
      throw Failure(fmt::format("for 10 s no message has reached all its members; {} are out",
                                ledger_.outstanding()));
    }
  }
  settle();
  report_traffic(window);
  if (run_.options.slow > 0) {
    finish_slow();
    report_slow(window);
  }
}

bool Crowd::is_settled() const {
  const bool answers = run_.options.protocol == Protocol::kCentrifuge;
  return ledger_.outstanding() == 0 && (!answers || replies_ == ledger_.published());
}

void Crowd::settle() {
  const std::int64_t deadline = now_ns() + kPatience_ns;
  while (!is_settled() && now_ns() < deadline)
    pool_->poll(10 * kMillisecond_ns);
  // What comes twice comes soon after.
  const std::int64_t quiet = now_ns() + 20 * kMillisecond_ns;
  while (now_ns() < quiet)
    pool_->poll(5 * kMillisecond_ns);
  for (std::size_t i = 0; i < pool_->size(); ++i) {
    Connection& member = (*pool_)[i];
    if (member.is_member && !member.is_slow) ledger_.close_account(member);
  }
}

void Crowd::report_traffic(const Window& window) {
  Report& report = run_.report;
  const Options& options = run_.options;
  const double per_s = double(window.count()) / window.seconds();
  const double per_read =
      double(ledger_.delivered()) / double(std::max<std::uint64_t>(1, pool_->reads()));
  report.say(fmt::format("  {:<15} {} a second, {:.3g} a read", "deliveries", say_number(per_s),
                         per_read));
  report.figures().add("deliveries", window.count());
  report.figures().add("deliveries_per_s", per_s);
  report.figures().add(
      "messages_per_s",
      per_s * options.rooms / (double(options.rooms) * options.members - options.slow));
  report.figures().add("deliveries_per_read", per_read);
  report.add_latency("latency", window.latency());
  report_cpu(run_, window.spent(), window.count(), "delivery");
  report.figures().add("server_rss_growth_bytes", window.memory_growth().server_rss_bytes);

  const Faults& faults = ledger_.faults();
  report.figures().add("published", ledger_.published());
  report.figures().add("received", ledger_.delivered());
  report.figures().add("lost", faults.lost);
  report.figures().add("duplicated", faults.duplicated);
  report.figures().add("disordered", faults.disordered);
  report.figures().add("misdelivered", faults.misdelivered);
  report.figures().add("compared", pool_->compared());
  report.figures().add("damaged", pool_->damaged());
  const std::string checked = fmt::format(
      "{} lost, {} duplicated, {} out of order, {} misdelivered of {}; {} damaged of {}",
      faults.lost, faults.duplicated, faults.disordered, faults.misdelivered,
      say_number(double(ledger_.delivered())), pool_->damaged(),
      say_number(double(pool_->compared())));
  report.say(fmt::format("  {:<15} {}", "checked", checked));
  if (faults.all() + pool_->damaged() > 0) report.fail("messages were " + checked);
  if (window.count() == 0) report.fail("nothing was delivered in the measured time");
  if (options.protocol == Protocol::kCentrifuge && replies_ != ledger_.published()) {
    report.fail(fmt::format("{} publishes were answered {} times", ledger_.published(), replies_));
  }
}

void Crowd::on_messages(Connection& member, const Mark* marks, std::size_t count,
                        std::int64_t now_ns) {
  if (member.is_slow) {
    slow_of(member).missed += ledger_.receive_slowly(member, marks, count);
  } else {
    ledger_.receive(member, marks, count, now_ns);
  }
}

void Crowd::on_word(Connection& member, const Word& word, std::int64_t now_ns) {
  replies_ += word.kind == Word::Kind::kReply;
  if (word.kind == Word::Kind::kUnsubscribed || word.kind == Word::Kind::kDisconnected) {
    if (!member.is_slow) {
      throw Failure(fmt::format("the server put member {} of room {} out: {}", member.member,
                                member.room, word.code));
    }
    slow_of(member).was_told = true;
  }
  Listener::on_word(member, word, now_ns);
}

// --- The slow ------------------------------------------------------------------------------------

void Crowd::on_closed(Connection& member, const Closing& closing) {
  if (!member.is_slow) return Listener::on_closed(member, closing);
  slow_of(member).was_closed = true;
  slow_of(member).was_told = slow_of(member).was_told || closing.code != 0;
}

void Crowd::finish_slow() {
  constexpr int kReceiveBytes = 1024 * 1024;
  for (std::size_t i = 0; i < pool_->size(); ++i) {
    Connection& member = (*pool_)[i];
    if (!member.is_slow || member.fd < 0) continue;
    ::setsockopt(member.fd, SOL_SOCKET, SO_RCVBUF, &kReceiveBytes, sizeof kReceiveBytes);
    pool_->resume(member);
  }
  run_.progress.start("slow readers");
  std::uint64_t bytes = pool_->bytes_read();
  std::int64_t last_read_ns = now_ns();
  while (now_ns() - last_read_ns < kPatience_ns) {
    std::size_t done = 0;
    for (std::size_t i = 0; i < pool_->size(); ++i) {
      const Connection& member = (*pool_)[i];
      done += member.is_slow && (member.fd < 0 || slow_of(member).was_told ||
                                 member.next == ledger_.published_in(member.room));
    }
    if (done == run_.options.slow) break;
    run_.progress.show(double(done) / run_.options.slow);
    pool_->poll(10 * kMillisecond_ns);
    if (pool_->bytes_read() != bytes) last_read_ns = now_ns();
    bytes = pool_->bytes_read();
  }
  run_.progress.clear();
}

void Crowd::report_slow(const Window& window) {
  std::uint32_t caught_up = 0, told = 0, closed = 0, silent = 0;
  std::uint64_t missed = 0;
  for (std::size_t i = 0; i < pool_->size(); ++i) {
    const Connection& member = (*pool_)[i];
    if (!member.is_slow) continue;
    const Slow& slow = slow_of(member);
    const std::uint64_t rest = ledger_.published_in(member.room) - member.next;
    missed += slow.missed + rest;
    if (slow.missed + rest == 0) {
      ++caught_up;
    } else if (slow.was_told) {
      ++told;
    } else if (slow.was_closed && slow.missed == 0) {
      ++closed;
    } else {
      ++silent;
    }
  }
  Report& report = run_.report;
  const double each = double(window.memory_growth().server_rss_bytes) / run_.options.slow;
  report.figures().add("slow", run_.options.slow);
  report.figures().add("slow_caught_up", caught_up);
  report.figures().add("slow_told", told);
  report.figures().add("slow_closed", closed);
  report.figures().add("slow_silent_loss", silent);
  report.figures().add("slow_missed_messages", missed);
  report.figures().add("server_rss_growth_bytes_per_slow", each);
  report.say(
      fmt::format("  {:<15} {} caught up, {} told what happened, {} closed, {} lost "
                  "something silently; the server grew {} for each",
                  "slow readers", caught_up, told, closed, silent, say_bytes(each)));
  if (silent > 0 && run_.options.slow_strict) {
    report.fail(fmt::format("{} slow readers lost messages without a word", silent));
  }
}

}  // namespace load
