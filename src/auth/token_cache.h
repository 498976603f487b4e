// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <variant>

#include "absl/container/flat_hash_map.h"
#include "madang/auth/claims.h"
#include "madang/base/hash.h"

namespace madang {

// A token whose signature and claims are good at some time.
struct CheckedToken {
  std::variant<ConnectionClaims, SubscriptionClaims> claims = {};
  std::uint64_t generation = 0;  // of the keys it was checked with

  const TokenClaims& common() const;
  // What it costs in memory, about.
  std::size_t bytes() const;
};
using CheckedTokenRef = std::shared_ptr<const CheckedToken>;

// Good tokens by their whole text, the one used last first, bounded in number and bytes. The text
// itself is the key, so that there is no hash for anybody to collide.
//
// Knows nothing of time and keys: whoever finds a token judges it again. Any thread.
class TokenCache {
 public:
  TokenCache(std::size_t entries_max, std::size_t bytes_max);

  CheckedTokenRef find(std::string_view token);
  // One that is above a shard's share of the bytes is not kept.
  void insert(std::string_view token, CheckedTokenRef checked);
  void erase(std::string_view token);
  void clear();

  std::size_t size() const;
  std::size_t bytes() const;

 private:
  struct Entry {
    std::string token;
    CheckedTokenRef checked;
    std::size_t bytes = 0;
  };
  using Entries = std::list<Entry>;

  struct Shard {
    mutable std::mutex mutex;  // of all below
    Entries entries;
    // Keys lie in the entries, which a list does not move.
    absl::flat_hash_map<std::string_view, Entries::iterator, StringHash, StringEqual> by_token;
    std::size_t bytes = 0;
  };
  static constexpr std::size_t kShards = 16;

  Shard& shard_of(std::string_view token);
  // Under the shard's lock.
  static void erase_from(Shard& shard, Entries::iterator entry);

  const std::size_t shards_used_;
  const std::size_t entries_max_;  // of one shard, as is the next
  const std::size_t bytes_max_;
  std::array<Shard, kShards> shards_;
};

}  // namespace madang
