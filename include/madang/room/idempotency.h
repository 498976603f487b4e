// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "madang/base/hash.h"
#include "madang/base/ring.h"
#include "madang/base/time.h"

namespace madang {

// Remembers which keys a room has seen and what they were answered, bounded by number and age: the
// oldest is forgotten first. Pure state.
class Idempotency {
 public:
  // The offset that `key` was given (0: not kept); null if it is not known at `now`.
  const std::uint64_t* find(std::string_view key, MonoTime now) const;

  void remember(std::string key, std::uint64_t offset, MonoTime expires, std::size_t keys_max);
  void expire(MonoTime now);

  bool empty() const { return order_.empty(); }
  MonoTime next_expiry() const { return order_.front().expires; }

 private:
  struct Known {
    std::uint64_t offset = 0;
    MonoTime expires;
  };
  struct Entry {
    std::string key;
    MonoTime expires;
  };

  StringMap<Known> known_;
  Ring<Entry> order_;
};

}  // namespace madang
