// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>
#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "madang/base/payload.h"

namespace madang {

class TcpStream;

// One send to a socket that does not block, and what became of it.
struct Send {
  int fd;
  std::span<iovec> parts;
  ssize_t result = 0;  // the bytes that the kernel took, or -errno
};

// Sends with one system call each.
void send_one_by_one(std::span<Send> sends);

// What the connections of a lane have written in this turn of its loop and not sent: for each of
// them a chain of payloads, in one place, so that a healthy connection has no queue of its own and
// all of them can go with one system call. Its size is fixed. Pure state.
class FlushList {
 public:
  using Place = std::uint16_t;
  static constexpr Place kNowhere = 0xffff;

  // A room of a thousand goes in one piece.
  static constexpr std::size_t kStreamsMax = 1024;
  static constexpr std::size_t kPayloadsMax = 2048;

  // What one stream has in the list.
  struct Entry {
    TcpStream* stream;  // null once it was taken out
    int fd;
    Place first;  // in chain_
    Place last;
    std::uint32_t count;
    std::uint32_t bytes;
  };

  FlushList() { chain_.reserve(kPayloadsMax); }

  bool empty() const { return streams_ == 0; }
  bool has_room(std::size_t payloads) const {
    return streams_ < kStreamsMax && chain_.size() + payloads <= kPayloadsMax;
  }
  const Entry& entry(Place place) const { return entries_[place]; }

  // Appends to what the stream has at `place`, and answers its place if that is kNowhere. There is
  // room for all payloads.
  Place add(TcpStream& stream, int fd, Place place, std::span<const Payload> payloads);

  // Hands each payload at the place to `keep` and takes it out of the list.
  template <typename Keep>
  void take(Place place, Keep keep) {
    for_each(entries_[place], keep);
    entries_[place].stream = nullptr;
  }
  template <typename Keep>
  void for_each(const Entry& entry, Keep keep) {
    for (Place at = entry.first; at != kNowhere; at = chain_[at].next)
      keep(std::move(chain_[at].payload));
  }

  // The list as sends, in the order of the streams' first writes, and beside each its entry.
  std::span<Send> sends();
  const Entry& entry_of(std::size_t send) const { return entries_[entry_of_send_[send]]; }
  void clear();

 private:
  struct Link {
    Payload payload;
    Place next = kNowhere;
  };

  // Memory that was never used is never touched, here as below, so that it costs nothing.
  std::array<Entry, kStreamsMax> entries_;
  std::vector<Link> chain_;
  std::size_t streams_ = 0;

  std::array<Send, kStreamsMax> sends_;
  std::array<Place, kStreamsMax> entry_of_send_;
  std::array<iovec, kPayloadsMax> parts_;
};

}  // namespace madang
