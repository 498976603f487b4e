// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "ledger.h"
#include "pool.h"

namespace soak {

// How a follower troubles the server.
enum class Habit : std::uint8_t {
  kRoam,    // leaves its room and joins again
  kPause,   // stops reading for seconds; if it is closed for that, it comes back
  kReturn,  // its connection breaks, and it comes back for what it missed
};

// What followers have seen, all together.
struct FollowerCounts {
  std::uint64_t received = 0;
  std::uint64_t faults = 0;         // messages missed, or got twice, or after having left
  std::uint64_t joins = 0;          // without a past
  std::uint64_t recoveries = 0;     // asked for what was missed, and got it
  std::uint64_t not_recovered = 0;  // asked, and were refused
  std::uint64_t pauses = 0;
  std::uint64_t closed_slow = 0;
};

// Clients that come and go, each in one room. While one is in its room it gets every message, from
// where its join said the room was; when it comes back it asks for what it missed, and gets that.
class Followers {
 public:
  // `codec` of `pool` only connects. All outlive this.
  Followers(load::Pool& pool, load::Ledger& ledger, load::Codec& codec, std::uint64_t seed);

  // Makes one more. It acts once start() was called.
  void add(std::uint32_t room, Habit habit);
  void start(std::int64_t now_ns);
  // Lets everybody do what is due.
  void act(std::int64_t now_ns);
  // Brings everybody back, into their rooms and reading. They stay.
  void gather();
  // After gather(): whether all have all. And those that have not.
  std::size_t count_behind() const;

  bool owns(const load::Connection& connection) const {
    return connection.index < by_index_.size() && by_index_[connection.index] >= 0;
  }
  // What the pool tells of a connection this owns.
  void on_ready(load::Connection& connection);
  void on_messages(load::Connection& connection, const load::Mark* marks, std::size_t count);
  void on_reply_text(load::Connection& connection, std::string_view text);
  void on_closed(load::Connection& connection, std::int64_t now_ns);

  const FollowerCounts& counts() const { return counts_; }

 private:
  enum class State : std::uint8_t { kAway, kOutside, kJoining, kInside, kLeaving, kPaused };
  struct Follower {
    std::uint32_t index = 0;  // in the pool
    Habit habit = Habit::kRoam;
    State state = State::kAway;
    bool has_past = false;  // knows a position, and will ask from there
    std::string epoch;
    std::int64_t act_ns = 0;
  };

  Follower& follower_of(const load::Connection& connection) {
    return followers_[static_cast<std::size_t>(by_index_[connection.index])];
  }
  void act(Follower& follower, std::int64_t now_ns);
  void join(Follower& follower);
  void joined(Follower& follower, std::string_view text);
  std::int64_t draw_ns(double least_s, double most_s);

  load::Pool& pool_;
  load::Ledger& ledger_;
  load::Codec& codec_;
  std::mt19937_64 random_;
  std::vector<Follower> followers_;
  std::vector<std::int32_t> by_index_;  // of the pool's connections; -1: not of ours
  FollowerCounts counts_;
  bool is_gathered_ = false;
};

}  // namespace soak
