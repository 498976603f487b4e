// SPDX-License-Identifier: Apache-2.0
#include "ledger.h"

#include <bit>
#include <stdexcept>
#include <utility>

namespace load {
namespace {

// A run that lost this many is lost itself; what comes late then counts as sent twice.
constexpr std::size_t kMissingMax = 100'000;

std::uint64_t key_of(const Connection& member, std::uint32_t sequence) {
  return std::uint64_t{member.index} << 32 | sequence;
}

}  // namespace

Ledger::Ledger(std::vector<std::uint32_t> members_by_room, std::size_t window)
    : members_(std::move(members_by_room)),
      window_(window),
      entries_(members_.size() * window),
      published_(members_.size()) {
  if (!std::has_single_bit(window)) throw std::invalid_argument("the window: a power of two");
}

std::uint32_t Ledger::publish(std::uint32_t room, std::int64_t time_ns) {
  const std::uint32_t sequence = published_[room]++;
  entry_of(room, sequence) = {time_ns, sequence, members_[room]};
  ++published_all_;
  if (members_[room] == 0) ++completed_;
  return sequence;
}

void Ledger::receive_other(Connection& member, Mark mark, std::int64_t now_ns) {
  if (mark.room != member.room || mark.sequence >= published_[member.room]) {
    ++faults_.misdelivered;
    return;
  }
  if (mark.sequence < member.next) {
    const bool was_missing = missing_.erase(key_of(member, mark.sequence)) == 1;
    if (was_missing) {
      --faults_.lost;
      ++faults_.disordered;
    } else {
      ++faults_.duplicated;
    }
    return;
  }
  for (; member.next < mark.sequence; ++member.next)
    lose(member, member.next);
  ++member.next;
  Entry& entry = entry_of(member.room, mark.sequence);
  // A message that is out longer than the window has no entry any more; only a fault brings it
  // that far.
  if (entry.sequence == mark.sequence && entry.missing > 0) enter(&entry, now_ns);
}

// Nobody waits for what is lost, so that the run comes to its end and says so.
void Ledger::lose(const Connection& member, std::uint32_t sequence) {
  ++faults_.lost;
  if (missing_.size() < kMissingMax) missing_.insert(key_of(member, sequence));
  Entry& entry = entry_of(member.room, sequence);
  if (entry.sequence == sequence && entry.missing > 0 && --entry.missing == 0) ++completed_;
}

std::uint64_t Ledger::receive_slowly(Connection& member, const Mark* marks, std::size_t count) {
  std::uint64_t missed = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (marks[i].room != member.room || marks[i].sequence < member.next) {
      ++missed;  // Not missed but worse: not what it was to get.
      continue;
    }
    missed += marks[i].sequence - member.next;
    member.next = marks[i].sequence + 1;
  }
  return missed;
}

void Ledger::close_account(Connection& member) {
  for (; member.next < published_[member.room]; ++member.next)
    lose(member, member.next);
}

}  // namespace load
