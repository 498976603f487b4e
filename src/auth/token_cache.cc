// SPDX-License-Identifier: Apache-2.0
#include "auth/token_cache.h"

#include <utility>

namespace madang {
namespace {

// Nodes of the list and of the table, and what the claims take beside their texts.
constexpr std::size_t kEntryBytes = 256;

std::size_t bytes_of_subscriptions(const ConnectionClaims& claims) {
  return claims.subscriptions.capacity() * sizeof(TokenSubscription);
}

std::size_t bytes_of_subscriptions(const SubscriptionClaims& /*claims*/) { return 0; }

}  // namespace

const TokenClaims& CheckedToken::common() const {
  return std::visit([](const auto& each) -> const TokenClaims& { return each; }, claims);
}

std::size_t CheckedToken::bytes() const {
  return sizeof(CheckedToken) + common().audience.capacity() * sizeof(std::string) +
         std::visit([](const auto& each) { return bytes_of_subscriptions(each); }, claims);
}

// With few entries shards would hold next to none each.
TokenCache::TokenCache(std::size_t entries_max, std::size_t bytes_max)
    : shards_used_(entries_max < 64 * kShards ? 1 : kShards),
      entries_max_(entries_max / shards_used_),
      bytes_max_(bytes_max / shards_used_) {}

// The table in a shard uses the hash's low bits and its high seven; these lie between.
TokenCache::Shard& TokenCache::shard_of(std::string_view token) {
  if (shards_used_ == 1) return shards_[0];
  return shards_[(StringHash()(token) >> 40) % kShards];
}

CheckedTokenRef TokenCache::find(std::string_view token) {
  if (entries_max_ == 0) return nullptr;
  auto& shard = shard_of(token);
  const std::scoped_lock lock(shard.mutex);
  const auto found = shard.by_token.find(token);
  if (found == shard.by_token.end()) return nullptr;
  shard.entries.splice(shard.entries.begin(), shard.entries, found->second);
  return found->second->checked;
}

void TokenCache::insert(std::string_view token, CheckedTokenRef checked) {
  // The texts of claims are shorter than the token, which is base64 of them.
  const auto bytes = kEntryBytes + 2 * token.size() + checked->bytes();
  if (entries_max_ == 0 || bytes > bytes_max_) return;
  auto& shard = shard_of(token);
  const std::scoped_lock lock(shard.mutex);
  if (const auto old = shard.by_token.find(token); old != shard.by_token.end()) {
    erase_from(shard, old->second);
  }
  while (shard.entries.size() >= entries_max_ || shard.bytes + bytes > bytes_max_)
    erase_from(shard, std::prev(shard.entries.end()));
  shard.entries.push_front({std::string(token), std::move(checked), bytes});
  shard.by_token.emplace(shard.entries.front().token, shard.entries.begin());
  shard.bytes += bytes;
}

void TokenCache::erase(std::string_view token) {
  auto& shard = shard_of(token);
  const std::scoped_lock lock(shard.mutex);
  const auto found = shard.by_token.find(token);
  if (found != shard.by_token.end()) erase_from(shard, found->second);
}

void TokenCache::clear() {
  for (auto& shard : shards_) {
    const std::scoped_lock lock(shard.mutex);
    shard.by_token.clear();
    shard.entries.clear();
    shard.bytes = 0;
  }
}

std::size_t TokenCache::size() const {
  std::size_t size = 0;
  for (const auto& shard : shards_) {
    const std::scoped_lock lock(shard.mutex);
    size += shard.entries.size();
  }
  return size;
}

std::size_t TokenCache::bytes() const {
  std::size_t bytes = 0;
  for (const auto& shard : shards_) {
    const std::scoped_lock lock(shard.mutex);
    bytes += shard.bytes;
  }
  return bytes;
}

void TokenCache::erase_from(Shard& shard, Entries::iterator entry) {
  shard.bytes -= entry->bytes;
  shard.by_token.erase(std::string_view(entry->token));
  shard.entries.erase(entry);
}

}  // namespace madang
