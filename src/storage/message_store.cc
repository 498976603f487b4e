// SPDX-License-Identifier: Apache-2.0
#include "madang/storage/message_store.h"

namespace madang {
namespace {

constexpr std::size_t kRoomNameBytesMax = 255;
constexpr std::uint64_t kOffsetMax = std::uint64_t{1} << 62;

bool same_info(const ClientInfoRef& a, const ClientInfoRef& b) {
  if (a == nullptr || b == nullptr) return a == b;
  return a->user == b->user && a->client == b->client && a->connection_info == b->connection_info &&
         a->room_info == b->room_info;
}

}  // namespace

bool same_message(const StoredMessage& a, const StoredMessage& b) {
  return a.room == b.room && a.epoch == b.epoch && a.offset == b.offset && a.time == b.time &&
         a.data == b.data && same_info(a.info, b.info) && a.tags == b.tags &&
         a.idempotency_key == b.idempotency_key;
}

absl::Status check_storable(const StoredMessage& message) {
  if (message.room.empty() || message.room.size() > kRoomNameBytesMax) {
    return absl::InvalidArgumentError("a room's name has 1 to 255 bytes");
  }
  if (message.offset == 0 || message.offset > kOffsetMax) {
    return absl::InvalidArgumentError("an offset is 1 to 2^62");
  }
  return absl::OkStatus();
}

}  // namespace madang
