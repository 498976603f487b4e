// SPDX-License-Identifier: Apache-2.0
#include "madang/room/idempotency.h"

#include <utility>

namespace madang {

const std::uint64_t* Idempotency::find(std::string_view key, MonoTime now) const {
  const auto it = known_.find(key);
  if (it == known_.end() || it->second.expires <= now) return nullptr;
  return &it->second.offset;
}

void Idempotency::remember(std::string key, std::uint64_t offset, MonoTime expires,
                           std::size_t keys_max) {
  while (!order_.empty() && order_.size() >= keys_max)
    known_.erase(order_.pop_front().key);
  if (keys_max == 0) return;
  known_[key] = {offset, expires};
  order_.push_back({std::move(key), expires});
}

void Idempotency::expire(MonoTime now) {
  while (!order_.empty() && order_.front().expires <= now)
    known_.erase(order_.pop_front().key);
}

}  // namespace madang
