// SPDX-License-Identifier: Apache-2.0
#include "madang/storage/message_store.h"

namespace madang {
namespace {

bool same_info(const ClientInfoRef& a, const ClientInfoRef& b) {
  if (a == nullptr || b == nullptr) return a == b;
  return a->user == b->user && a->client == b->client &&
         a->connection_info == b->connection_info && a->room_info == b->room_info;
}

}  // namespace

bool same_message(const StoredMessage& a, const StoredMessage& b) {
  return a.room == b.room && a.epoch == b.epoch && a.offset == b.offset && a.time == b.time &&
         a.data == b.data && same_info(a.info, b.info) && a.tags == b.tags &&
         a.idempotency_key == b.idempotency_key;
}

}  // namespace madang
