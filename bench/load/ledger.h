// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_set>
#include <vector>

#include "connection.h"
#include "histogram.h"
#include "marker.h"

namespace load {

// What must never happen to a message, counted over all members that are measured.
struct Faults {
  std::uint64_t lost = 0;          // never came, though a later one did, or the run ended
  std::uint64_t duplicated = 0;    // came again
  std::uint64_t disordered = 0;    // came after a later one
  std::uint64_t misdelivered = 0;  // of another room, or never published
  std::uint64_t all() const { return lost + duplicated + disordered + misdelivered; }
};

// The account of what was published, and of who has it: every member of a room expects the numbers
// from where it joined on, one after the other. Publish times lie here, not in the messages.
class Ledger {
 public:
  // `members_by_room`: how many receipts complete a message of each room. `window`: how many
  // messages of one room may be out at a time, a power of two.
  Ledger(std::vector<std::uint32_t> members_by_room, std::size_t window);

  // Whether one more of this room may be published now.
  bool has_space(std::uint32_t room) const {
    const Entry& entry = entry_of(room, published_[room]);
    return entry.missing == 0;
  }
  // Enters a message published at `time_ns`, or that should have been, and answers its number.
  std::uint32_t publish(std::uint32_t room, std::int64_t time_ns);

  // Enters what `member` received. Its `next` goes on.
  void receive(Connection& member, const Mark* marks, std::size_t count, std::int64_t now_ns) {
    for (std::size_t i = 0; i < count; ++i) {
      const Mark mark = marks[i];
      Entry& entry = entry_of(member.room, mark.sequence);
      if (mark.room != member.room || mark.sequence != member.next ||
          entry.sequence != mark.sequence || entry.missing == 0) [[unlikely]] {
        receive_other(member, mark, now_ns);
        continue;
      }
      ++member.next;
      enter(&entry, now_ns);
    }
  }
  // A reader that stops: nothing of it is measured. Answers how many messages it has missed here.
  std::uint64_t receive_slowly(Connection& member, const Mark* marks, std::size_t count);

  // A member that joins now expects what is published from now on.
  void join(Connection& member) { member.next = published_[member.room]; }
  // Enters as lost what `member` has not got. At the end of a run.
  void close_account(Connection& member);

  std::uint32_t published_in(std::uint32_t room) const { return published_[room]; }
  std::uint64_t published() const { return published_all_; }
  std::uint64_t completed() const { return completed_; }
  std::uint64_t outstanding() const { return published_all_ - completed_; }
  std::uint64_t delivered() const { return delivered_; }
  const Faults& faults() const { return faults_; }
  const Histogram& latency() const { return latency_; }

 private:
  struct Entry {
    std::int64_t time_ns = 0;
    std::uint32_t sequence = 0;
    std::uint32_t missing = 0;  // members that do not have it
  };

  Entry& entry_of(std::uint32_t room, std::uint32_t sequence) {
    return entries_[room * window_ + (sequence & (window_ - 1))];
  }
  const Entry& entry_of(std::uint32_t room, std::uint32_t sequence) const {
    return const_cast<Ledger*>(this)->entry_of(room, sequence);
  }
  void enter(Entry* entry, std::int64_t now_ns) {
    ++delivered_;
    latency_.record(now_ns - entry->time_ns);
    if (--entry->missing == 0) ++completed_;
  }
  void receive_other(Connection& member, Mark mark, std::int64_t now_ns);
  void lose(const Connection& member, std::uint32_t sequence);

  const std::vector<std::uint32_t> members_;
  const std::size_t window_;
  std::vector<Entry> entries_;
  std::vector<std::uint32_t> published_;  // by room
  std::uint64_t published_all_ = 0;
  std::uint64_t completed_ = 0;
  std::uint64_t delivered_ = 0;
  Faults faults_;
  Histogram latency_;
  // What is missing somewhere, as member and number: it may come late. Bounded.
  std::unordered_set<std::uint64_t> missing_;
};

}  // namespace load
