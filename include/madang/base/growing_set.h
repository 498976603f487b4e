// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace madang {

// A hash table that never stops the world to grow: extendible hashing (Fagin et al., 1979) over
// pages of at most kPageSlots places. The costliest insertion moves one page, tens of microseconds,
// where one flat table of a million entries would stall its lock for tens of milliseconds.
//
// An entry lies in its page beside its hash, so that in a table larger than the caches looking one
// up waits for memory once. What an entry is found by is a part of it: Hash and Equal take entries
// and whatever else `find` and `take` are asked with.
//
// A page is searched from an entry's place on, so that keys others choose must be hashed with a
// secret: those that all collide are found in linear time.
template <typename Entry, typename Hash, typename Equal>
class GrowingSet {
 public:
  static constexpr std::size_t kPageSlots = 1024;

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  // Null when there is none. Valid until the next insertion or removal.
  template <typename Key>
  Entry* find(const Key& key) {
    if (size_ == 0) return nullptr;
    const std::uint64_t hash = hash_of(key);
    Page& page = page_of(hash);
    const std::size_t i = place(page, hash, key);
    return page.slots[i].hash == 0 ? nullptr : &page.slots[i].entry;
  }

  // The entry, and whether it was put in: not if there is one equal to it, which is the answer
  // then.
  std::pair<Entry*, bool> insert(Entry entry) {
    if (pages_.empty()) {
      pages_.push_back(make_page(kLeastSlots));
      directory_.push_back(0);
    }
    const std::uint64_t hash = hash_of(entry);
    for (;;) {
      Page& page = page_of(hash);
      Slot& slot = page.slots[place(page, hash, entry)];
      if (slot.hash != 0) return {&slot.entry, false};
      if (page.used < most_used(page)) {
        slot.hash = hash;
        slot.entry = std::move(entry);
        ++page.used;
        ++size_;
        return {&slot.entry, true};
      }
      grow(index_of(hash));
    }
  }

  // Takes the entry out into `taken`. False if there is none.
  template <typename Key>
  bool take(const Key& key, Entry& taken) {
    if (size_ == 0) return false;
    const std::uint64_t hash = hash_of(key);
    Page& page = page_of(hash);
    const std::size_t i = place(page, hash, key);
    if (page.slots[i].hash == 0) return false;
    taken = std::move(page.slots[i].entry);
    close_gap(page, i);
    --page.used;
    if (--size_ == 0) *this = GrowingSet();
    return true;
  }

  // Calls `visit(entry)` for each, in no order, until it returns false.
  template <typename Visit>
  void for_each(Visit visit) const {
    for (const Page& page : pages_) {
      for (std::size_t i = 0; i <= page.mask; ++i) {
        if (page.slots[i].hash != 0 && !visit(page.slots[i].entry)) return;
      }
    }
  }

 private:
  static constexpr std::size_t kLeastSlots = 8;
  // Deeper only hashes that collide in full could go, and then a page simply grows.
  static constexpr int kDepthMax = 24;

  struct Slot {
    std::uint64_t hash = 0;  // 0: nobody's
    Entry entry = {};
  };
  struct Page {
    std::unique_ptr<Slot[]> slots;
    std::uint32_t mask = 0;  // of its places, which are a power of two
    std::uint32_t used = 0;
    int depth = 0;  // how many leading bits of the hash its entries share
  };

  // Chains stay short up to here.
  static std::size_t most_used(const Page& page) { return (std::size_t{page.mask} + 1) * 3 / 4; }

  static Page make_page(std::size_t slots) {
    Page page;
    page.slots = std::make_unique<Slot[]>(slots);
    page.mask = static_cast<std::uint32_t>(slots - 1);
    return page;
  }

  template <typename Key>
  static std::uint64_t hash_of(const Key& key) {
    return std::max<std::uint64_t>(1, Hash{}(key));
  }
  std::size_t index_of(std::uint64_t hash) const { return depth_ == 0 ? 0 : hash >> (64 - depth_); }
  Page& page_of(std::uint64_t hash) { return pages_[directory_[index_of(hash)]]; }

  // Where the entry is, or where it would be put.
  template <typename Key>
  static std::size_t place(const Page& page, std::uint64_t hash, const Key& key) {
    std::size_t i = hash & page.mask;
    while (page.slots[i].hash != 0 &&
           (page.slots[i].hash != hash || !Equal{}(page.slots[i].entry, key))) {
      i = (i + 1) & page.mask;
    }
    return i;
  }

  // Those behind a gap move up, so that no search ends before its entry (Knuth, 6.4, algorithm R).
  static void close_gap(Page& page, std::size_t gap) {
    for (std::size_t i = (gap + 1) & page.mask; page.slots[i].hash != 0; i = (i + 1) & page.mask) {
      const std::size_t home = page.slots[i].hash & page.mask;
      if (((i - home) & page.mask) < ((i - gap) & page.mask)) continue;
      page.slots[gap] = std::move(page.slots[i]);
      gap = i;
    }
    page.slots[gap] = Slot();
  }

  static void refill(Page& from, Page& to) {
    for (std::size_t i = 0; i <= from.mask; ++i) {
      Slot& slot = from.slots[i];
      if (slot.hash != 0) put(to, std::move(slot));
    }
  }
  static void put(Page& page, Slot slot) {
    std::size_t i = slot.hash & page.mask;
    while (page.slots[i].hash != 0)
      i = (i + 1) & page.mask;
    page.slots[i] = std::move(slot);
    ++page.used;
  }

  // Makes space in the page at this place of the directory.
  void grow(std::size_t index) {
    Page& full = pages_[directory_[index]];
    if (full.mask + 1 >= kPageSlots && full.depth < kDepthMax) return split(index);
    Page larger = make_page((std::size_t{full.mask} + 1) * 2);
    larger.depth = full.depth;
    refill(full, larger);
    full = std::move(larger);
  }

  void split(std::size_t index) {
    const std::uint32_t lower = directory_[index];
    if (pages_[lower].depth == depth_) {
      std::vector<std::uint32_t> twice;
      twice.reserve(directory_.size() * 2);
      for (const std::uint32_t page : directory_)
        twice.insert(twice.end(), 2, page);
      directory_ = std::move(twice);
      ++depth_;
      index *= 2;
    }
    Page full = std::move(pages_[lower]);
    const int depth = full.depth + 1;
    Page halves[2] = {make_page(kPageSlots), make_page(kPageSlots)};
    for (std::size_t i = 0; i <= full.mask; ++i) {
      Slot& slot = full.slots[i];
      if (slot.hash != 0) put(halves[slot.hash >> (64 - depth) & 1], std::move(slot));
    }
    halves[0].depth = halves[1].depth = depth;
    pages_[lower] = std::move(halves[0]);
    const auto upper = static_cast<std::uint32_t>(pages_.size());
    pages_.push_back(std::move(halves[1]));
    // The page stood in a run of places; the upper half of them is the new one's.
    const std::size_t span = std::size_t{1} << (depth_ - depth);
    const std::size_t first = index / (2 * span) * (2 * span);
    std::fill_n(directory_.begin() + static_cast<std::ptrdiff_t>(first + span), span, upper);
  }

  std::vector<std::uint32_t> directory_;  // 2^depth_ places, or none
  std::vector<Page> pages_;
  int depth_ = 0;
  std::size_t size_ = 0;
};

}  // namespace madang
