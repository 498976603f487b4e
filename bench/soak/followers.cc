// SPDX-License-Identifier: Apache-2.0
#include "followers.h"

#include <fmt/format.h>

#include <charconv>

#include "clock.h"

namespace soak {
namespace {

using load::Connection;
using load::kSecond_ns;
using load::Stage;

// Ids of commands; those of publishes are far above.
constexpr std::string_view kJoinReply = R"({"id":2,)";
constexpr std::string_view kLeaveReply = R"({"id":3,)";

std::string_view text_after(std::string_view text, std::string_view key) {
  const std::size_t at = text.find(key);
  return at == text.npos ? std::string_view() : text.substr(at + key.size());
}

}  // namespace

Followers::Followers(load::Pool& pool, load::Ledger& ledger, load::Codec& codec, std::uint64_t seed)
    : pool_(pool), ledger_(ledger), codec_(codec), random_(seed) {}

std::int64_t Followers::draw_ns(double least_s, double most_s) {
  return static_cast<std::int64_t>(
      1e9 * std::uniform_real_distribution<double>(least_s, most_s)(random_));
}

void Followers::add(std::uint32_t room, Habit habit) {
  Connection& connection = pool_.add(room, 0);
  connection.is_slow = habit == Habit::kPause;
  by_index_.resize(connection.index + 1, -1);
  by_index_[connection.index] = static_cast<std::int32_t>(followers_.size());
  Follower& follower = followers_.emplace_back();
  follower.index = connection.index;
  follower.habit = habit;
}

void Followers::start(std::int64_t now_ns) {
  for (Follower& follower : followers_)
    follower.act_ns = now_ns + draw_ns(0, 2);
}

void Followers::act(std::int64_t now_ns) {
  for (Follower& follower : followers_) {
    if (now_ns >= follower.act_ns && !is_gathered_) act(follower, now_ns);
  }
}

void Followers::act(Follower& follower, std::int64_t now_ns) {
  Connection& connection = pool_[follower.index];
  switch (follower.state) {
    case State::kAway:
      if (connection.stage == Stage::kClosed) pool_.connect(connection);
      break;
    case State::kOutside:
      join(follower);
      break;
    case State::kInside:
      if (follower.habit == Habit::kRoam) {
        follower.state = State::kLeaving;
        pool_.send_text(connection, fmt::format(R"({{"id":3,"unsubscribe":{{"channel":"{}"}}}})",
                                                codec_.room_name(connection.room)));
      } else if (follower.habit == Habit::kPause) {
        follower.state = State::kPaused;
        ++counts_.pauses;
        pool_.pause(connection);
      } else {
        follower.state = State::kAway;
        pool_.close(connection);
      }
      break;
    case State::kPaused:
      follower.state = State::kInside;
      pool_.resume(connection);
      break;
    case State::kJoining:
    case State::kLeaving:
      break;  // until the reply
  }
  follower.act_ns = now_ns + draw_ns(0.2, follower.habit == Habit::kPause ? 5 : 2);
}

void Followers::join(Follower& follower) {
  Connection& connection = pool_[follower.index];
  follower.state = State::kJoining;
  std::string past;
  if (follower.has_past) {
    // The rooms of a run begin empty and all that is in them is numbered, so the offset of a
    // message is one more than its number, and that of the last one seen is the next one's number.
    past =
        fmt::format(R"(,"recover":true,"offset":{},"epoch":"{}")", connection.next, follower.epoch);
  }
  pool_.send_text(connection, fmt::format(R"({{"id":2,"subscribe":{{"channel":"{}"{}}}}})",
                                          codec_.room_name(connection.room), past));
}

void Followers::on_ready(Connection& connection) { join(follower_of(connection)); }

void Followers::on_messages(Connection& connection, const load::Mark* marks, std::size_t count) {
  const Follower& follower = follower_of(connection);
  const bool may_receive = follower.state == State::kInside || follower.state == State::kLeaving ||
                           (follower.state == State::kJoining && follower.has_past);
  counts_.received += count;
  counts_.faults += may_receive ? ledger_.receive_slowly(connection, marks, count) : count;
}

void Followers::on_reply_text(Connection& connection, std::string_view text) {
  Follower& follower = follower_of(connection);
  if (follower.state == State::kJoining && text.starts_with(kJoinReply)) {
    joined(follower, text);
  } else if (follower.state == State::kLeaving && text.starts_with(kLeaveReply)) {
    follower.state = State::kOutside;
    follower.has_past = false;
    if (is_gathered_) join(follower);
  }
}

void Followers::joined(Follower& follower, std::string_view text) {
  Connection& connection = pool_[follower.index];
  const std::string_view epoch = text_after(text, R"("epoch":")");
  follower.state = State::kInside;
  follower.epoch = epoch.substr(0, epoch.find('"'));
  if (follower.has_past && text.find(R"("recovered":true)") != text.npos) {
    ++counts_.recoveries;
    return;
  }
  ++(follower.has_past ? counts_.not_recovered : counts_.joins);
  follower.has_past = true;
  const std::string_view offset = text_after(text, R"("offset":)");
  connection.next = 0;
  std::from_chars(offset.data(), offset.data() + offset.size(), connection.next);
}

void Followers::on_closed(Connection& connection, std::int64_t now_ns) {
  Follower& follower = follower_of(connection);
  ++counts_.closed_slow;
  follower.state = State::kAway;
  follower.act_ns = now_ns + draw_ns(0.1, 1);
  if (is_gathered_) pool_.connect(connection);
}

void Followers::gather() {
  is_gathered_ = true;
  for (Follower& follower : followers_) {
    Connection& connection = pool_[follower.index];
    if (follower.state == State::kPaused) {
      follower.state = State::kInside;
      pool_.resume(connection);
    } else if (follower.state == State::kOutside) {
      join(follower);
    } else if (follower.state == State::kAway && connection.stage == Stage::kClosed) {
      pool_.connect(connection);
    }
  }
}

std::size_t Followers::count_behind() const {
  std::size_t behind = 0;
  for (const Follower& follower : followers_) {
    const Connection& connection = pool_[follower.index];
    behind += follower.state != State::kInside ||
              connection.next != ledger_.published_in(connection.room);
  }
  return behind;
}

}  // namespace soak
