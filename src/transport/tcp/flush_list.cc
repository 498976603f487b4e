// SPDX-License-Identifier: Apache-2.0
#include "flush_list.h"

#include <sys/socket.h>

#include <cassert>
#include <cerrno>

namespace madang {

void send_one_by_one(std::span<Send> sends) {
  for (Send& send : sends) {
    if (send.parts.size() == 1) {
      const iovec& part = send.parts.front();
      send.result = ::send(send.fd, part.iov_base, part.iov_len, MSG_DONTWAIT | MSG_NOSIGNAL);
    } else {
      msghdr message{};
      message.msg_iov = send.parts.data();
      message.msg_iovlen = send.parts.size();
      send.result = ::sendmsg(send.fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    }
    if (send.result < 0) send.result = -errno;
  }
}

FlushList::Place FlushList::add(TcpStream& stream, int fd, Place place,
                                std::span<const Payload> payloads) {
  if (place == kNowhere) {
    assert(streams_ < kStreamsMax);
    place = static_cast<Place>(streams_++);
    entries_[place] = {
        .stream = &stream, .fd = fd, .first = kNowhere, .last = kNowhere, .count = 0, .bytes = 0};
  }
  Entry& entry = entries_[place];
  for (const Payload& payload : payloads) {
    assert(chain_.size() < kPayloadsMax);
    const auto at = static_cast<Place>(chain_.size());
    chain_.push_back({.payload = payload});
    (entry.count == 0 ? entry.first : chain_[entry.last].next) = at;
    entry.last = at;
    ++entry.count;
    entry.bytes += static_cast<std::uint32_t>(payload.size());
  }
  return place;
}

std::span<Send> FlushList::sends() {
  std::size_t count = 0;
  std::size_t part = 0;
  for (std::size_t i = 0; i < streams_; ++i) {
    const Entry& entry = entries_[i];
    if (entry.stream == nullptr) continue;
    const std::size_t begin = part;
    for (Place at = entry.first; at != kNowhere; at = chain_[at].next) {
      const Payload& payload = chain_[at].payload;
      parts_[part++] = {const_cast<char*>(payload.data()), payload.size()};
    }
    entry_of_send_[count] = static_cast<Place>(i);
    sends_[count++] = {.fd = entry.fd, .parts = {&parts_[begin], part - begin}, .result = 0};
  }
  return {sends_.data(), count};
}

void FlushList::clear() {
  chain_.clear();
  streams_ = 0;
}

}  // namespace madang
