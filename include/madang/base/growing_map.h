// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"

namespace madang {

// A hash table that never stops the world to grow: extendible hashing (Fagin et al., 1979) over
// buckets of at most kBucketMax entries. The costliest insertion moves one bucket, tens of
// microseconds, where one flat table of a million entries would stall its lock for tens of
// milliseconds.
template <typename Key, typename Value, typename Hash, typename Equal = std::equal_to<>>
class GrowingMap {
 public:
  static constexpr std::size_t kBucketMax = 1024;

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  // Null when there is none. Valid until the next insertion or erasure.
  template <typename K>
  Value* find(const K& key) {
    if (size_ == 0) return nullptr;
    auto& map = bucket_of(key).map;
    const auto it = map.find(key);
    return it == map.end() ? nullptr : &it->second;
  }
  template <typename K>
  const Value* find(const K& key) const {
    return const_cast<GrowingMap*>(this)->find(key);
  }

  // The value under `key`, made by default if there was none.
  Value& operator[](const Key& key) {
    if (directory_.empty()) directory_.push_back(std::make_shared<Bucket>());
    while (bucket_of(key).map.size() >= kBucketMax && !bucket_of(key).map.contains(key)) {
      if (!split(index_of(key))) break;
    }
    const auto [it, inserted] = bucket_of(key).map.try_emplace(key);
    if (inserted) ++size_;
    return it->second;
  }

  template <typename K>
  bool erase(const K& key) {
    if (size_ == 0 || bucket_of(key).map.erase(key) == 0) return false;
    if (--size_ == 0) {
      directory_.clear();
      depth_ = 0;
    }
    return true;
  }

  // Calls `visit(key, value)` for each entry, in no order, until it returns false.
  template <typename Visit>
  void for_each(Visit visit) const {
    const Bucket* last = nullptr;
    for (const auto& bucket : directory_) {
      if (bucket.get() == last) continue;  // one bucket fills a run of places
      last = bucket.get();
      for (const auto& [key, value] : bucket->map) {
        if (!visit(key, value)) return;
      }
    }
  }

 private:
  struct Bucket {
    int depth = 0;  // how many leading bits of the hash its entries share
    absl::flat_hash_map<Key, Value, Hash, Equal> map;
  };

  // Deeper only hashes that collide in full could go, and then a bucket simply grows.
  static constexpr int kDepthMax = 24;

  template <typename K>
  std::size_t index_of(const K& key) const {
    return depth_ == 0 ? 0 : static_cast<std::uint64_t>(Hash{}(key)) >> (64 - depth_);
  }
  template <typename K>
  Bucket& bucket_of(const K& key) const {
    return *directory_[index_of(key)];
  }

  bool split(std::size_t index) {
    const std::shared_ptr<Bucket> full = directory_[index];
    if (full->depth == kDepthMax) return false;
    if (full->depth == depth_) {
      std::vector<std::shared_ptr<Bucket>> twice;
      twice.reserve(directory_.size() * 2);
      for (const auto& bucket : directory_)
        twice.insert(twice.end(), 2, bucket);
      directory_ = std::move(twice);
      ++depth_;
      index *= 2;
    }
    const auto upper = std::make_shared<Bucket>();
    upper->depth = ++full->depth;
    const std::size_t span = std::size_t{1} << (depth_ - full->depth);
    const std::size_t first = index / (2 * span) * (2 * span);
    for (std::size_t i = first + span; i < first + 2 * span; ++i)
      directory_[i] = upper;
    absl::erase_if(full->map, [&](auto& entry) {
      const auto bit = static_cast<std::uint64_t>(Hash{}(entry.first)) >> (64 - full->depth) & 1;
      if (bit != 0) upper->map.emplace(entry.first, std::move(entry.second));
      return bit != 0;
    });
    return true;
  }

  std::vector<std::shared_ptr<Bucket>> directory_;  // 2^depth_ places, or none
  int depth_ = 0;
  std::size_t size_ = 0;
};

}  // namespace madang
