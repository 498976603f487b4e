// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ledger.h"
#include "pool.h"
#include "run.h"

namespace load {

// Rooms full of members, of which each room has one who publishes, and the account of it all.
class Crowd : public Listener {
 public:
  // `window`: messages of one room that may be out at a time, at least.
  Crowd(Run& run, std::size_t window);

  // Connects everybody and reports the memory that took. The slow stop reading then.
  void connect();

  Pool& pool() { return *pool_; }
  Ledger& ledger() { return ledger_; }

  // Publishes one message in each of the next `count` rooms, in turn, as far as these have space;
  // answers in how many. Those of one room leave in one write. `time_of(i)`: when the i-th leaves
  // by plan.
  std::size_t publish(std::size_t count, const std::function<std::int64_t(std::size_t)>& time_of);

  // Publishes what `step` finds due, which answers how long until it wants to be asked again, and
  // receives, until the measured time is over; then waits for what is still out.
  void run_traffic(const std::function<std::int64_t(Window&)>& step);
  // Lets the slow read again and says what has become of them.
  void finish_slow();

  void on_messages(Connection& member, const Mark* marks, std::size_t count,
                   std::int64_t now_ns) override;
  void on_word(Connection& member, const Word& word, std::int64_t now_ns) override;
  void on_closed(Connection& member, const Closing& closing) override;

 private:
  // What became of a slow reader.
  struct Slow {
    std::uint64_t missed = 0;
    bool was_told = false;
    bool was_closed = false;
  };

  Connection& publisher_of(std::uint32_t room) { return (*pool_)[publishers_[room]]; }
  bool is_settled() const;
  void settle();
  void report_traffic(const Window& window);
  void report_slow(const Window& window);
  Slow& slow_of(const Connection& member) { return slow_[member.index]; }

  Run& run_;
  const std::unique_ptr<Codec> codec_;
  Ledger ledger_;
  std::unique_ptr<Pool> pool_;
  std::vector<std::uint32_t> publishers_;  // by room, as index in the pool
  std::vector<Slow> slow_;                 // by index in the pool
  std::uint32_t next_room_ = 0;
  std::uint64_t replies_ = 0;
  std::string frames_;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> batches_;  // room and first number
};

}  // namespace load
